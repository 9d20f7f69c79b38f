/**
 * The processes of a container, read from /proc from outside: nothing of the image is ever run. They are those of its pid
 * namespace, or, where it shares the host's, the descendants of its first process.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isErrno } from '../../lib/errors.ts';
import { parseProcess, type ContainerProcess } from './parse.ts';

/** By pid, first process first. `pid` is the container's first one as we see it. */
export function processesOf(pid: number, sharesHostPids: boolean): ContainerProcess[] {
  const found = sharesHostPids ? descendants(pid) : members(pid);
  return found.toSorted((a, b) => a.hostPid - b.hostPid);
}

function members(pid: number): ContainerProcess[] {
  const namespace = readLink(`/proc/${pid}/ns/pid`);
  return namespace === undefined ? [] : allPids().filter((other) => readLink(`/proc/${other}/ns/pid`) === namespace).flatMap(readProcess);
}

function descendants(first: number): ContainerProcess[] {
  const all = allPids().flatMap(readProcess);
  const wanted = new Set([first]);
  // A child may have a lower number than its parent where pids have wrapped around: look until nothing is added.
  for (let before = 0; before !== wanted.size;) {
    before = wanted.size;
    for (const process_ of all) if (wanted.has(process_.hostParent)) wanted.add(process_.hostPid);
  }
  return all.filter(({ hostPid }) => wanted.has(hostPid));
}

function allPids(): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
}

/** [] where it has ended meanwhile. */
function readProcess(pid: number): ContainerProcess[] {
  try {
    const read = (name: string): string => readFileSync(`/proc/${pid}/${name}`, 'latin1');
    return [parseProcess(pid, read('stat'), read('status'), readFileSync(`/proc/${pid}/cmdline`))];
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EACCES')) return [];
    throw error;
  }
}

/** Undefined where it has ended, or is somebody else's. */
function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return undefined;
    throw error;
  }
}
