import { detachKeys } from '../../../container/attach.ts';
import { execForeground } from '../../../container/exec/foreground.ts';
import type { ExecRequest } from '../../../container/exec/request.ts';
import { config } from '../../../host/config/index.ts';
import { isTerminal } from '../../../host/tty.ts';
import { SkiffError } from '../../../lib/errors.ts';
import { printLine, warn } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { collectEnv } from './_env.ts';
import { selectOne } from './_select.ts';
import { flag, given, list, text } from './_values.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const latest = flag(options, 'latest');
  const command = latest ? invocation.args : invocation.args.slice(1);
  if (command.length === 0) throw new SkiffError('USAGE', 'must provide a non-empty command to start an exec session: invalid argument');
  const context = openContext();
  const request: ExecRequest = {
    id: selectOne(context, invocation, invocation.args[0]), command,
    env: collectEnv({ host: false, proxy: false, files: list(options, 'env-file'), lines: list(options, 'env') }, process.env),
    ...given('user', text(options, 'user')), ...given('workdir', text(options, 'workdir')),
    terminal: flag(options, 'tty'), interactive: flag(options, 'interactive'), privileged: flag(options, 'privileged'),
  };
  if (flag(options, 'detach')) {
    const { execDetached } = await import('../../../container/exec/detached.ts');
    printLine(await execDetached(context, { ...request, terminal: false, interactive: false }));
    return 0;
  }
  if (!request.terminal) return execForeground(context, request);
  if (request.interactive && !isTerminal(0)) warn('The input device is not a TTY. The --tty and --interactive flags might not work properly');
  const { execTerminal } = await import('../../../container/exec/terminal.ts');
  return execTerminal(context, request, detachKeys(text(options, 'detach-keys') ?? config().detachKeys));
}
