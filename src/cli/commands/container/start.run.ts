import { attachContainer, detachKeys } from '../../../container/attach.ts';
import { readRecord } from '../../../container/record.ts';
import { startContainer } from '../../../container/start.ts';
import { closeMonitor } from '../../../runtime/start-monitor.ts';
import { config } from '../../../host/config/index.ts';
import { SkiffError } from '../../../lib/errors.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { forEach, selectContainers } from './_select.ts';
import { flag, text } from './_values.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const context = openContext();
  const attach = flag(options, 'attach') || flag(options, 'interactive');
  const selection = selectContainers(context, invocation, ({ state }) => state.status === 'created' || state.status === 'exited');
  if (attach && selection.length > 1) throw new SkiffError('USAGE', 'you cannot start and attach multiple containers at once');
  return forEach(selection, printLine, async ({ id, shown }) => {
    const record = readRecord(context, id);
    const keys = detachKeys(text(options, 'detach-keys') ?? config().detachKeys);
    // With --attach alone as well: a container that was made to read its input gets it, as in Podman.
    const wish = { stdin: record.Config.OpenStdin, stdout: true, stderr: true };
    const launched = await startContainer(context, id, attach ? { client: wish } : {});
    if (attach) attachContainer(context, record, { socket: launched?.monitor.client, wish, detachKeys: keys, signalProxy: options['sig-proxy'] !== false });
    if (launched !== undefined) closeMonitor(launched.monitor);
    return shown;
  });
}
