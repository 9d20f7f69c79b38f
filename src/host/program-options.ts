/** What programs can do, without asking them where that can be. */
import { readFileSync } from 'node:fs';
import { runSync } from './run.ts';

/**
 * Which of these long options a compiled program knows: their names stand in it. For one that can't well be asked: without a terminal
 * pasta of 2023 tells --help to syslog, a hundred lines, which are a unit's journal then. @throws what reading throws
 */
export function knownOptions<Name extends string>(program: string, names: readonly Name[]): ReadonlySet<Name> {
  const own = readFileSync(program);
  // What is no program but a script that starts one has to be asked all the same.
  const bytes = own.subarray(0, 4).toString('latin1') === '\x7fELF' ? own : helpOf(program);
  return new Set(names.filter((name) => bytes.includes(name)));
}

function helpOf(program: string): Buffer {
  const { stdout, stderr } = runSync([program, '--help'], { timeoutMs: 10_000 });
  return Buffer.concat([stdout, stderr]);
}
