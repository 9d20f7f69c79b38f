import { attachContainer, detachKeys } from '../../../container/attach.ts';
import { readRecord } from '../../../container/record.ts';
import { containerState } from '../../../container/state.ts';
import { config } from '../../../host/config/index.ts';
import { SkiffError } from '../../../lib/errors.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { selectOne } from './_select.ts';
import { flag, text } from './_values.ts';

export function run(invocation: Invocation): void {
  const { options } = invocation;
  const keys = detachKeys(text(options, 'detach-keys') ?? config().detachKeys);
  const context = openContext();
  const id = selectOne(context, invocation, invocation.args[0]);
  const { status } = containerState(context, id);
  if (status !== 'running' && status !== 'starting') throw new SkiffError('CONTAINER_STATE', 'you can only attach to running containers');
  const record = readRecord(context, id);
  attachContainer(context, record, {
    wish: { stdin: record.Config.OpenStdin && !flag(options, 'no-stdin'), stdout: true, stderr: true }, detachKeys: keys, signalProxy: options['sig-proxy'] !== false,
  });
}
