/** Stop, then start. */
import type { ContainerID } from '../oci/ids.ts';
import { closeMonitor } from '../runtime/start-monitor.ts';
import type { Context } from './index.ts';
import { startContainer } from './start.ts';
import { mustNotBePaused, stopContainers } from './stop.ts';

/** One that does not run is started. @throws as startContainer() */
export async function restartContainer(context: Context, id: ContainerID, timeoutSeconds?: number): Promise<void> {
  mustNotBePaused(context, id);
  stopContainers(context, [id], timeoutSeconds);
  const launched = await startContainer(context, id);
  if (launched !== undefined) closeMonitor(launched.monitor);
}
