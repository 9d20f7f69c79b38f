/** `--help`: Podman's usage layout, made from the specs. */
import { fstatSync } from 'node:fs';
import { isTerminal, terminalSize } from '../host/tty.ts';
import { isCode } from '../lib/errors.ts';
import { commands } from './commands/index.ts';
import { groups } from './commands/groups.ts';
import { globalOptions, versionOption } from './globals.ts';
import { renderCommand, renderGroup, type HelpStyle } from './help-text.ts';
import { membersOf } from './members.ts';
import { print } from './output.ts';
import type { CommandSpec } from './spec.ts';
import { UsageError } from './usage-error.ts';
import { nearest } from './suggest.ts';

/** Bold and wrapped on a terminal; plain and unwrapped in a pipe, so that grep finds whole lines. */
function style(): HelpStyle {
  const columns = terminalColumns();
  if (columns === undefined) return { width: Number.POSITIVE_INFINITY, bold: false };
  return { width: Math.max(60, columns), bold: (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb' };
}

/** undefined: stdout is no terminal, or the addon that could tell is not built (help must work all the same). */
function terminalColumns(): number | undefined {
  // A pipe or a file is told apart without the addon.
  if (!fstatSync(1).isCharacterDevice()) return undefined;
  try {
    return isTerminal(1) ? (terminalSize(1)?.columns ?? 80) : undefined;
  } catch (error) {
    if (isCode(error, 'HELPER_MISSING')) return undefined;
    throw error;
  }
}

/** Help of a noun, or of skiff itself ([]). Gives the exit code 0. */
export function printGroupHelp(path: readonly string[]): number {
  const group = groups.find((candidate) => candidate.path.join(' ') === path.join(' '));
  const summary = path.length === 0 ? 'Run containers without root and without a daemon' : (group?.summary ?? '');
  const options = path.length === 0 ? [...globalOptions, versionOption] : [];
  print(renderGroup({ path, summary, members: membersOf(path), options }, style()));
  return 0;
}

export function printCommandHelp(spec: CommandSpec): number {
  print(renderCommand(spec, style()));
  return 0;
}

/** `skiff help [COMMAND...]`. @throws USAGE for no such command */
export async function printTopic(words: readonly string[]): Promise<number> {
  const wanted = words.join(' ');
  if (wanted === '' || wanted === 'help') return printGroupHelp([]);
  const found = commands.find((entry) => [entry.path, ...entry.aliases].some((path) => path.join(' ') === wanted));
  if (found !== undefined) return printCommandHelp(await found.load());
  if (membersOf(words).length > 0) return printGroupHelp(words);
  const near = nearest(words[0] ?? '', membersOf([]).map(({ name }) => name), 1)[0];
  throw new UsageError(`unknown help topic "${wanted}"`, 'skiff', { hint: near && `did you mean ${near}?` });
}
