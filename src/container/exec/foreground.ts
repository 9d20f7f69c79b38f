/**
 * exec without a terminal: this process becomes the runtime, which waits for the new process and passes its exit code and
 * signals through. No Node process stays.
 */
import { openSync } from 'node:fs';
import { isErrno, SkiffError } from '../../lib/errors.ts';
import { becomeProgram } from '../../runtime/become.ts';
import type { Context } from '../index.ts';
import { prepareExec, processFile } from './prepare.ts';
import type { ExecRequest } from './request.ts';

/** Where the runtime finds the process object. */
const processFd = 3;

/** Never returns. @throws as prepareExec() */
export function execForeground(context: Context, request: ExecRequest): never {
  const prepared = prepareExec(context, request);
  const { runtime } = prepared;
  const argv = [runtime.name, ...runtime.globalArgs, 'exec', '--process', `/proc/self/fd/${processFd}`, request.id];
  const stdin = request.interactive ? 0 : openSync('/dev/null', 'r');
  try {
    return becomeProgram(runtime.path, argv, [[stdin, 0], [1, 1], [2, 2], [processFile(context, prepared), processFd]]);
  } catch (error) {
    if (isErrno(error, 'E2BIG')) throw new SkiffError('USAGE', 'exec: the environment is too large', { cause: error });
    throw error;
  }
}
