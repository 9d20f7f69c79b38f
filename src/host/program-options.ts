/** What programs can do, without asking them. */
import { readFileSync } from 'node:fs';

/**
 * Which of these long options a compiled program knows: their names stand in it. For one that can't well be asked: without a terminal
 * pasta of 2023 tells --help to syslog, a hundred lines, which are a unit's journal then. @throws what reading throws
 */
export function knownOptions<Name extends string>(program: string, names: readonly Name[]): ReadonlySet<Name> {
  const bytes = readFileSync(program);
  return new Set(names.filter((name) => bytes.includes(name)));
}
