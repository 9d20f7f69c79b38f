import { detachKeys } from '../../../container/attach.ts';
import { execForeground } from '../../../container/exec/foreground.ts';
import type { ExecRequest } from '../../../container/exec/request.ts';
import type { Context } from '../../../container/index.ts';
import { config } from '../../../host/config/index.ts';
import { isTerminal } from '../../../host/tty.ts';
import { SkiffError } from '../../../lib/errors.ts';
import { printLine, warn } from '../../output.ts';
import type { Invocation, OptionValues } from '../../spec.ts';
import { openContext } from './_context.ts';
import { collectEnv } from './_env.ts';
import { selectOne } from './_select.ts';
import { flag, given, list, text } from './_values.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const context = openContext();
  const request = execRequest(context, invocation);
  const detached = flag(options, 'detach');
  try {
    if (request.command.length === 0) throw new SkiffError('USAGE', 'must provide a non-empty command to start an exec session: invalid argument');
    return await (detached ? inBackground(context, request) : inForeground(context, request, options));
  } catch (error) {
    throw error instanceof SkiffError ? withPodmansCode(error, detached) : error;
  }
}

function execRequest(context: Context, invocation: Invocation): ExecRequest {
  const { args, options } = invocation;
  return {
    id: selectOne(context, invocation, args[0]), command: flag(options, 'latest') ? args : args.slice(1),
    env: collectEnv({ host: false, proxy: false, files: list(options, 'env-file'), lines: list(options, 'env') }, process.env),
    ...given('user', text(options, 'user')), ...given('workdir', text(options, 'workdir')),
    terminal: flag(options, 'tty'), interactive: flag(options, 'interactive'), privileged: flag(options, 'privileged'),
  };
}

async function inBackground(context: Context, request: ExecRequest): Promise<number> {
  const { execDetached } = await import('../../../container/exec/detached.ts');
  printLine(await execDetached(context, { ...request, terminal: false, interactive: false }));
  return 0;
}

/** Never returns. */
function inForeground(context: Context, request: ExecRequest, options: OptionValues): never {
  const keys = detachKeys(text(options, 'detach-keys') ?? config().detachKeys);
  if (request.terminal && request.interactive && !isTerminal(0)) warn('The input device is not a TTY. The --tty and --interactive flags might not work properly');
  return execForeground(context, request, keys);
}

/**
 * Once container and environment are known: 126 and 127 tell of the command, 255 of all else; in the background everything is 125.
 * @see podman-exec(1) "Exit Status", seen with 4.3.1
 */
function withPodmansCode(error: SkiffError, detached: boolean): SkiffError {
  const exitCode = detached ? 125 : error.exitCode === 125 ? 255 : error.exitCode;
  return exitCode === error.exitCode ? error : new SkiffError(error.code, error.message, { exitCode, hint: error.hint, data: error.data, cause: error });
}
