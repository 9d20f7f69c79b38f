/** The machine in numbers and names, for `info`. Cheap reads; nothing is tried. */
import { readFileSync } from 'node:fs';
import { cpus, freemem, hostname, release, totalmem, uptime } from 'node:os';
import { readOsRelease } from './checks/packages.ts';
import { findProgram } from './find-program.ts';
import { runSync } from './run.ts';
import { sys } from './sys.ts';

export interface Machine {
  cpus: number;
  /** Percent since boot. */
  cpuUtilization: { userPercent: number; systemPercent: number; idlePercent: number };
  distribution: { distribution: string; version: string; codename: string; variant: string };
  hostname: string;
  kernel: string;
  memTotalBytes: number;
  memFreeBytes: number;
  swapTotalBytes: number;
  swapFreeBytes: number;
  uptimeSeconds: number;
}

export function machine(): Machine {
  const memory = readMemory();
  return {
    cpus: cpus().length, cpuUtilization: cpuUtilization(), distribution: parseDistribution(readOsRelease()), hostname: hostname(), kernel: release(),
    memTotalBytes: totalmem(), memFreeBytes: memory.get('MemFree') ?? freemem(),
    swapTotalBytes: memory.get('SwapTotal') ?? 0, swapFreeBytes: memory.get('SwapFree') ?? 0, uptimeSeconds: uptime(),
  };
}

/** /proc/meminfo in bytes by name. @see proc_meminfo(5) */
function readMemory(): Map<string, number> {
  return new Map([...readFileSync('/proc/meminfo', 'utf8').matchAll(/^(\w+):\s+(\d+) kB$/gm)].map((match) => [match[1] ?? '', Number(match[2]) * 1024]));
}

function cpuUtilization(): Machine['cpuUtilization'] {
  const times = cpus().map((cpu) => cpu.times);
  const sum = (pick: (time: (typeof times)[number]) => number): number => times.reduce((total, time) => total + pick(time), 0);
  const [user, system, idle] = [sum((time) => time.user + time.nice), sum((time) => time.sys + time.irq), sum((time) => time.idle)];
  const percent = (part: number): number => Math.round((10_000 * part) / Math.max(1, user + system + idle)) / 100;
  return { userPercent: percent(user), systemPercent: percent(system), idlePercent: percent(idle) };
}

/** @see os-release(5) */
export function parseDistribution(text: string): Machine['distribution'] {
  const field = (name: string): string => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return { distribution: field('ID') || 'unknown', version: field('VERSION_ID') || 'unknown', codename: field('VERSION_CODENAME'), variant: field('VARIANT_ID') };
}

/** Where a helper program is and what it says of itself; undefined where it is missing. */
export function programVersion(name: string): { path: string; version: string } | undefined {
  const path = findProgram(name);
  return path === undefined ? undefined : { path, version: runSync([path, '--version'], { timeoutMs: 10_000 }).stdout.toString().trim() };
}

/** Magic number and space of the file system that holds `path`, in blocks of `bsize` bytes. @see statfs(2) */
export function filesystemSpace(path: string): { type: number; bsize: number; blocks: bigint; bfree: bigint } {
  return sys().statfs(path);
}
