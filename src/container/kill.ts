/** Sending a signal to a running container. */
import { SkiffError } from '../lib/errors.ts';
import type { ContainerID } from '../oci/ids.ts';
import type { Context } from './index.ts';
import { statusWord } from './filters.ts';
import { containerState } from './state.ts';
import { killContainer as sendSignal } from '../runtime/client.ts';
import { runDir } from './names.ts';
import { silentMonitor } from './silent-monitor.ts';
import { reachMonitor } from './wait.ts';

/** Returns when the signal is delivered, not when it has worked. @throws CONTAINER_STATE where it does not run; MONITOR_FAILED for a monitor that does not answer */
export function killContainer(context: Context, id: ContainerID, signal: number): void {
  const first = containerState(context, id).status;
  if (first === 'starting') reachMonitor(context, id)?.close();
  const outcome = first === 'paused' ? 'ended' : sendSignal(runDir(context.runtimeDir, id), signal);
  if (outcome === 'sent') return;
  if (outcome === 'silent') throw silentMonitor(context, id);
  const state = statusWord(containerState(context, id));
  throw new SkiffError('CONTAINER_STATE', `can only kill running containers. ${id} is in state ${state}: container state improper`);
}
