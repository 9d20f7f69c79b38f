/** Processes that are known from before: by pid and start time, which together are never another's in one boot. */
import { closeSync, readFileSync } from 'node:fs';
import { isErrno, wrap } from '../lib/errors.ts';
import { waitReadable } from './descriptors.ts';
import { openProcess, signalProcess } from './process.ts';

const SIGKILL = 9;
/** One that sleeps in the kernel, on a network's file system say, ends when it wakes. */
const patienceMs = 10_000;

export interface ProcessIdentity { pid: number; /** Field 22 of /proc/<pid>/stat. */ startTime: string }

/**
 * Kills it (SIGKILL) and waits up to ten seconds for its end; false where it had ended before. With the first process of a PID namespace all others of it end.
 * Works from outside as from inside the user namespace that it lives in. Never signals a process that it can't prove to be the one.
 */
export function endProcess(process_: ProcessIdentity): boolean {
  let pidfd: number;
  try {
    pidfd = openProcess(process_.pid);
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return false;
    throw wrap(error, `end process ${process_.pid}`);
  }
  try {
    // The descriptor holds whatever has the pid now; only after this look is it sure to be ours.
    if (startTimeOf(process_.pid) !== process_.startTime) return false;
    signalAs(ownerOf(process_.pid), pidfd);
    waitReadable([pidfd], patienceMs);
    return true;
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return false;
    throw wrap(error, `end process ${process_.pid}`);
  } finally {
    closeSync(pidfd);
  }
}

/**
 * The orphan lives in the user namespace of a former life, where we have no capability; but its ids are the ones that are
 * mapped for us too, and a process may signal those of its own uid.
 */
function signalAs(uid: number, pidfd: number): void {
  const own = process.geteuid?.() ?? 0;
  if (own === 0 && uid !== 0) process.seteuid?.(uid);
  try {
    signalProcess(pidfd, SIGKILL);
  } finally {
    if (own === 0 && uid !== 0) process.seteuid?.(own);
  }
}

/** Real uid as our user namespace shows it. */
function ownerOf(pid: number): number {
  const match = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? 0);
}

/** Clock ticks since boot at which a process started; undefined where there is none (zombies count as none). */
export function startTimeOf(pid: number): string | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
  // The name in parentheses may hold anything, blanks and parentheses too: fields are counted from the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}
