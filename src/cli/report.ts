/** Exit codes and the last words of a failing command: decided once, here. */
import { isErrno, isSystemError, SkiffError, wrap, describeSystemError, isLostFolder } from '../lib/errors.ts';
import { isLogged, writeStderr } from '../lib/log.ts';
import { printable } from '../lib/printable.ts';
import { OutputClosed } from './output.ts';
import { readableStack } from './readable-stack.ts';
import { UsageError } from './usage-error.ts';

/** 125: skiff failed, usage included; 126 and 127: the contained command; 141 (128+SIGPIPE): the reader of our output left. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof OutputClosed) return 141;
  return error instanceof SkiffError ? error.exitCode : 125;
}

/** Prints the error, with what the checks of the machine know to do about it, and gives the exit code. */
export async function reportFailure(error: unknown): Promise<number> {
  const known = knownFailure(error);
  return reportError(known, await remedyFor(known));
}

/** Most errors bring their remedy; for some of the others the checks of the machine know one. */
async function remedyFor(error: unknown): Promise<string | undefined> {
  if (!(error instanceof SkiffError) || error.hint !== undefined || error instanceof UsageError) return undefined;
  return (await import('../host/checks/hints.ts')).hintFor(error);
}

/** A full disk can show in any call that writes: that no operation has named it makes it no bug. */
function knownFailure(error: unknown): unknown {
  return isErrno(error, 'ENOSPC', 'EDQUOT') ? wrap(error, 'write to disk') : error;
}

/** The same failure for one who has told of it already: it has its exit code, and nothing is printed. */
export function told(error: SkiffError): SkiffError {
  const same = new SkiffError(error.code, error.message, { exitCode: error.exitCode, cause: error });
  silent.add(same);
  return same;
}

const silent = new WeakSet<Error>();

/** Prints the error on stderr ("Error: …", then "hint: …") and gives the exit code. `remedy` is for errors without a hint of their own. */
export function reportError(error: unknown, remedy?: string): number {
  if (!(error instanceof OutputClosed) && !(error instanceof Error && silent.has(error))) writeStderr(printable(describe(error, remedy)));
  return exitCodeOf(error);
}

function describe(error: unknown, remedy: string | undefined): string {
  if (error instanceof SkiffError && error.code !== 'INTERNAL') {
    let text = `Error: ${error.message}\n`;
    if (error instanceof UsageError) text += `See '${error.command} --help'\n`;
    const hint = error.hint ?? remedy ?? '';
    if (hint !== '') text += `hint: ${hint}\n`;
    return isLogged('debug') ? `${text}${stackOf(error)}` : text;
  }
  if (isSystemError(error) && isLostFolder(error)) return `Error: ${describeSystemError(error)}\nhint: give absolute paths, or change to a folder that exists\n`;
  // A failed system call that no operation has named is our omission, but its text says more than "internal error".
  const message = isSystemError(error) ? wrap(error, 'system').message : error instanceof Error ? error.message : String(error);
  const advice = isLogged('debug') ? stackOf(error) : 'hint: this is a bug in skiff; run again with --log-level debug and report what it prints\n';
  return `Error: internal error: ${message}\n${advice}`;
}

function stackOf(error: unknown): string {
  let text = '';
  for (let at: unknown = error; at instanceof Error; at = at.cause) text += `${at === error ? '' : 'caused by: '}${readableStack(at.stack ?? at.message)}\n`;
  return text;
}
