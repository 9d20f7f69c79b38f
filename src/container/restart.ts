/** Stop, then start. */
import type { ContainerID } from '../oci/ids.ts';
import { closeMonitor } from '../runtime/start-monitor.ts';
import type { Context } from './index.ts';
import { silentMonitor } from './silent-monitor.ts';
import { startContainer } from './start.ts';
import { mustNotBePaused, stopContainers } from './stop.ts';

/** One that does not run is started. @throws as startContainer() */
export async function restartContainer(context: Context, id: ContainerID, timeoutSeconds?: number): Promise<void> {
  mustNotBePaused(context, id);
  if (stopContainers(context, [id], timeoutSeconds).some(({ silent }) => silent)) throw silentMonitor(context, id);
  const launched = await startContainer(context, id);
  if (launched !== undefined) closeMonitor(launched.monitor);
}
