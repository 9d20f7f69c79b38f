/**
 * exec in the foreground: this process becomes skiff-exec, which starts the command through the runtime and relays its stdio or terminal,
 * its signals and its exit code. No Node process stays.
 */
import { isErrno, SkiffError } from '../../lib/errors.ts';
import { ownTerminalSize } from '../../host/tty.ts';
import { becomeExec } from '../../runtime/become.ts';
import type { Context } from '../index.ts';
import { prepareExec, processFile, sessionPath } from './prepare.ts';
import type { ExecRequest } from './request.ts';

const defaultSize = { rows: 24, columns: 80 };

/** Never returns. The keys matter with a terminal only. @throws as prepareExec() */
export function execForeground(context: Context, request: ExecRequest, detachKeys: Buffer): never {
  const prepared = prepareExec(context, request, request.terminal ? ownTerminalSize() ?? defaultSize : undefined);
  try {
    return becomeExec({
      id: request.id, runtime: prepared.runtime, processFd: processFile(context, prepared), session: sessionPath(context, prepared),
      stdin: request.interactive, terminal: request.terminal, detachKeys,
    });
  } catch (error) {
    if (isErrno(error, 'E2BIG')) throw new SkiffError('USAGE', 'exec: the environment is too large', { cause: error });
    throw error;
  }
}
