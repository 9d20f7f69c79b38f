/** Processes that are known from before: by pid and start time, which together are never another's in one boot. */
import { closeSync, readFileSync } from 'node:fs';
import { isErrno, wrap } from '../lib/errors.ts';
import { waitReadable } from './descriptors.ts';
import { namesIfThere, textIfThere } from './if-there.ts';
import { openProcess, signalProcess } from './process.ts';

const SIGKILL = 9;

export interface ProcessIdentity { pid: number; /** Field 22 of /proc/<pid>/stat. */ startTime: string }

/** 'stuck': it sleeps in the kernel, on a network's file system say, or is frozen, and will end when it wakes. */
export type Ending = 'ended' | 'gone before' | 'stuck';

/**
 * Kills it (SIGKILL) with all that it has started, as far as that is still below it, and waits for its end. With the first process of a PID
 * namespace all others of it end anyway. Works from outside as from inside the user namespace that it lives in. Never signals a process that
 * it can't prove to be the one.
 */
export function endProcess(process_: ProcessIdentity, patienceMs: number): Ending {
  const ending = whileHeld(process_, (pidfd) => {
    const below = descendantsOf(process_.pid);
    signalAs(ownerOf(process_.pid), pidfd);
    for (const one of below) whileHeld(one, (fd) => signalAs(ownerOf(one.pid), fd));
    return waitReadable([pidfd], patienceMs).length > 0 ? 'ended' as const : 'stuck' as const;
  });
  return ending ?? 'gone before';
}

/** Runs `use` with a descriptor that is sure to be of that process. Undefined where there is none any more. */
function whileHeld<T>({ pid, startTime }: ProcessIdentity, use: (pidfd: number) => T): T | undefined {
  let pidfd: number | undefined;
  try {
    pidfd = openProcess(pid);
    // The descriptor holds whatever has the pid now; only after this look is it sure to be ours.
    return startTimeOf(pid) === startTime ? use(pidfd) : undefined;
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return undefined;
    throw wrap(error, `end process ${pid}`);
  } finally {
    if (pidfd !== undefined) closeSync(pidfd);
  }
}

/** Children, their children and so on, nearest first. */
function descendantsOf(pid: number): ProcessIdentity[] {
  const tasks = namesIfThere(`/proc/${pid}/task`);
  const children = tasks.flatMap((task) => (textIfThere(`/proc/${pid}/task/${task}/children`) ?? '').split(' ').filter((text) => text !== '').map(Number));
  return children.flatMap((child) => {
    const startTime = startTimeOf(child);
    return startTime === undefined ? [] : [{ pid: child, startTime }, ...descendantsOf(child)];
  });
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
function startTimeOf(pid: number): string | undefined {
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
