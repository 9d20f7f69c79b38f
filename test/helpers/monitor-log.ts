/** Reading the logs that a monitor wrote. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseJsonLine } from '../../src/container/logs/entry.ts';
import { until } from './deadline.ts';

/** The end of the monitor's command line for a driver that writes a file. */
export const jsonFile = (log: string, ...options: string[]): string[] => ['--log-driver', 'json-file', '--log-path', log, ...options.flatMap((option) => ['--log-opt', option])];
export const k8sFile = (log: string, ...options: string[]): string[] => ['--log-driver', 'k8s-file', '--log-path', log, ...options.flatMap((option) => ['--log-opt', option])];

/** The files of a rotated log, oldest first. */
export function logFiles(log: string): string[] {
  const dir = join(log, '..');
  const name = log.slice(dir.length + 1);
  return readdirSync(dir).filter((file) => file === name || (file.startsWith(`${name}.`) && /^\d+$/.test(file.slice(name.length + 1))))
    .toSorted((a, b) => Number(b.slice(name.length + 1) || 0) - Number(a.slice(name.length + 1) || 0)).map((file) => join(dir, file));
}

export interface JsonLine { log: string; stream: string; time: string }

export function jsonLines(log: string): JsonLine[] {
  return logFiles(log).flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line) as JsonLine));
}

/** The lines of a log file, without their newlines. */
export function rawLines(file: string): Buffer[] {
  const bytes = readFileSync(file);
  const lines: Buffer[] = [];
  for (let from = 0, end = bytes.indexOf(10); end >= 0; from = end + 1, end = bytes.indexOf(10, from)) lines.push(bytes.subarray(from, end));
  return lines;
}

/** A log's bytes as the container wrote them, of one stream. */
export function logged(log: string, stream: 'stdout' | 'stderr', parse = parseJsonLine): Buffer {
  const entries = logFiles(log).flatMap(rawLines).map((line) => parse(line) ?? { stream: 'stdout', bytes: Buffer.from('<torn>') });
  return Buffer.concat(entries.filter((entry) => entry.stream === stream).map((entry) => entry.bytes));
}

/** Every number of a log in order; the first that is out of sequence fails. */
export function numbers(log: string): { first: number; last: number; count: number } {
  const text = logged(log, 'stdout').toString('latin1');
  let first: number | undefined;
  let last = 0;
  let count = 0;
  for (let from = 0, end = text.indexOf('\n'); end >= 0; from = end + 1, end = text.indexOf('\n', from)) {
    const number = Number(text.slice(from, end));
    if (first !== undefined && number !== last + 1) throw new Error(`${number} follows ${last}`);
    first ??= number;
    last = number;
    count++;
  }
  return { first: first ?? 0, last, count };
}

/** More than pipes and sockets hold by themselves, as entries of short lines. */
const moreThanPipesHoldBytes = 1_000_000;

/** Waits until a log has begun to grow, as much as it takes to fill what stands behind the monitor, and has not grown for a while. */
export async function untilStuck(path: string): Promise<void> {
  let same = 0;
  let before = -1;
  await until(() => {
    const { size } = statSync(path);
    same = size === before ? same + 1 : 0;
    before = size;
    return size >= moreThanPipesHoldBytes && same >= 10;
  }, () => `${path} has ${before} bytes, the same ${same} times`);
}
