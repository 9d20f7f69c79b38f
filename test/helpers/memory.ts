/**
 * Memory of a process and all that it started, together: what a command costs the machine. Each page is counted once, whoever shares it
 * (PSS); where the kernel does not tell that of a process, what it has for itself and in shared memory.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { within } from './deadline.ts';

const lookMs = 15;
/** What is measured is the largest that tests do. */
const mostMs = 480_000;

export interface Peak {
  /** The largest sum that was seen. */
  readonly bytes: number;
  /** Of that moment: what each process had, largest first. */
  readonly parts: readonly { readonly command: string; readonly bytes: number }[];
  readonly looks: number;
}

/** Looks again and again until the child has ended. Between two looks it may have had more: for what lasts, not for a spike of milliseconds. */
export async function peakOf(child: ChildProcess): Promise<Peak> {
  let peak: Peak = { bytes: 0, parts: [], looks: 0 };
  let looks = 0;
  const look = setInterval(() => {
    looks++;
    const parts = [...tree(child.pid ?? 0)].map((pid) => ({ command: commandOf(pid), bytes: memoryOf(pid) }));
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    if (bytes > peak.bytes) peak = { bytes, parts: parts.toSorted((a, b) => b.bytes - a.bytes), looks };
  }, lookMs);
  try {
    if (child.exitCode === null && child.signalCode === null) await within(once(child, 'close'), () => `no end of ${child.spawnargs.join(' ')}; ${shown({ ...peak, looks })}`, mostMs);
  } finally {
    clearInterval(look);
  }
  return { ...peak, looks };
}

/** For the message of an assertion: `152 MB: 98 pull, 54 worker`. */
export function shown({ bytes, parts, looks }: Peak): string {
  const mega = (count: number): string => (count / 1e6).toFixed(0);
  return `${mega(bytes)} MB in ${looks} looks: ${parts.map((part) => `${mega(part.bytes)} ${part.command}`).join(', ')}`;
}

/** Without a child that has not become its own program yet: it works in its parent's memory, which would count twice. */
function* tree(pid: number): Generator<number> {
  yield pid;
  const own = read(`/proc/${pid}/cmdline`);
  let tasks: string[] = [];
  try {
    tasks = readdirSync(`/proc/${pid}/task`);
  } catch {} // it ended
  for (const task of tasks) {
    for (const child of read(`/proc/${pid}/task/${task}/children`).split(' ')) if (child.trim() !== '' && read(`/proc/${child}/cmdline`) !== own) yield* tree(Number(child));
  }
}

function memoryOf(pid: number): number {
  const pss = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1];
  if (pss !== undefined) return Number(pss) * 1024;
  const status = read(`/proc/${pid}/status`);
  return ['RssAnon', 'RssShmem'].reduce((sum, name) => sum + Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) * 1024, 0);
}

function commandOf(pid: number): string {
  const words = read(`/proc/${pid}/cmdline`).split('\0').filter((word) => word !== '');
  return words.find((word) => !word.startsWith('-') && !word.includes('/')) ?? words[0] ?? 'gone';
}

/** Empty for a process that has ended, or that we may not look into. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
