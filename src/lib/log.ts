/**
 * Talk for people, always on stderr: results never pass here (cli/output.ts prints those). Levels by --log-level or
 * $SKIFF_LOG; the default shows warnings and errors. Lines are written at once, so that none is lost when the process is
 * replaced (execve) or killed right after.
 *
 * consola does levels and types; its own reporters are not used, because they write info to stdout and fold repeated lines.
 */
import { writeSync } from 'node:fs';
import { createConsola, type ConsolaInstance, type LogObject } from 'consola/core';
import { isErrno, SkiffError } from './errors.ts';
import { printable } from './printable.ts';

const levels = { error: 0, warn: 1, info: 3, debug: 4, trace: 5 } as const;
export type LogLevel = keyof typeof levels;
/** Podman's other names for the same. */
const synonyms: Readonly<Record<string, LogLevel>> = { warning: 'warn', fatal: 'error', panic: 'error' };
export const logLevels = Object.keys(levels) as readonly LogLevel[];

const labels: Readonly<Record<string, string>> = { error: 'Error: ', warn: 'warning: ', info: '', debug: 'debug: ', trace: 'trace: ' };

let level: LogLevel = 'warn';
let instance: ConsolaInstance | undefined;

/** @throws USAGE for a name that is no level. */
export function setLogLevel(name: string): void {
  const lower = name.toLowerCase();
  const known = logLevels.find((word) => word === lower) ?? (Object.hasOwn(synonyms, lower) ? synonyms[lower] : undefined);
  if (known === undefined) throw new SkiffError('USAGE', `unknown log level ${JSON.stringify(name)}: want one of ${logLevels.join(', ')}`);
  level = known;
  if (instance !== undefined) instance.level = levels[known];
}

/** True where a line of that level would be shown: for messages that cost something to make. */
export function isLogged(wanted: LogLevel): boolean {
  return levels[wanted] <= levels[level];
}

export const log = {
  error: (message: string): void => emit('error', message),
  warn: (message: string): void => emit('warn', message),
  info: (message: string): void => emit('info', message),
  debug: (message: string): void => emit('debug', message),
  trace: (message: string): void => emit('trace', message),
};

function emit(kind: LogLevel, message: string): void {
  if (!isLogged(kind)) return;
  instance ??= createConsola({ level: levels[level], throttle: 0, throttleMin: Number.MAX_SAFE_INTEGER, reporters: [{ log: report }] });
  instance[kind](message);
}

function report(entry: LogObject): void {
  writeStderr(printable(`${labels[entry.type] ?? ''}${entry.args.map(String).join(' ')}\n`));
}

/** Writes all of `text` to stderr, now. A closed or full stderr is no reason to fail: there is nobody left to tell. */
export function writeStderr(text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(2, rest));
    } catch (error) {
      // A non-blocking pipe or terminal that is full: libuv knows how to wait for it.
      if (isErrno(error, 'EAGAIN')) process.stderr.write(rest);
      return;
    }
  }
}
