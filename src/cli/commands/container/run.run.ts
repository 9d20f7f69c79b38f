import { attachContainer, clientWish, detachKeys } from '../../../container/attach.ts';
import { checkContainer } from '../../../container/check.ts';
import { runContainer } from '../../../container/run.ts';
import { config } from '../../../host/config/index.ts';
import { isTerminal } from '../../../host/tty.ts';
import { SkiffError } from '../../../lib/errors.ts';
import { printLine, warn } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { createRequest } from './_create-request.ts';
import { createReplacing } from './_replace.ts';
import { flag, list, text } from './_values.ts';

export async function run(invocation: Invocation): Promise<void> {
  const { options } = invocation;
  const request = createRequest(invocation);
  const keys = detachKeys(text(options, 'detach-keys') ?? config().detachKeys);
  const streams = attachedStreams(list(options, 'attach'));
  const context = openContext();
  const attached = !flag(options, 'detach');
  if (attached && request.terminal && !isTerminal(0)) warn('The input device is not a TTY. The --tty and --interactive flags might not work properly');
  const client = attached ? clientWish({ interactive: request.interactive, terminal: request.terminal, ...(streams === undefined ? {} : { streams }) }) : undefined;
  const { record, launched } = await createReplacing(context, request, options, (image) => runContainer(context, { request, image, check: checkContainer, client }));
  if (client === undefined) return printLine(record.ID);
  attachContainer(context, record, { socket: launched.monitor.client, wish: client, detachKeys: keys, signalProxy: options['sig-proxy'] !== false, killUnread: request.autoRemove });
}

function attachedStreams(names: readonly string[]): ReadonlySet<string> | undefined {
  const streams = new Set(names.map((name) => name.toLowerCase()));
  for (const name of streams) {
    if (!['stdin', 'stdout', 'stderr'].includes(name)) throw new SkiffError('USAGE', `invalid stream ${JSON.stringify(name)} for --attach - must be one of stdin, stdout, or stderr`);
  }
  return streams.size === 0 ? undefined : streams;
}
