/** Containers whose monitor was killed: nobody is there to be told anything, so who is to end one does it himself. */
import type { Context } from '../../../container/index.ts';
import { orphans } from '../../../container/orphan.ts';
import type { Summary } from '../../../container/summary.ts';
import { reenterInside } from '../../../host/become.ts';
import type { ContainerID } from '../../../oci/ids.ts';
import type { Invocation } from '../../spec.ts';
import { selectContainers, type Chosen } from './_select.ts';

export interface ToEnd { readonly chosen: readonly Chosen[]; readonly orphaned: ReadonlySet<ContainerID> }

/**
 * What the command means, with --all and --filter those that run and those that nobody watches. Where there are such and they are to be ended, which
 * takes the OCI runtime, the command starts again inside the user namespace: before anything is printed.
 */
export function selectToEnd(context: Context, invocation: Invocation, ends = true): ToEnd {
  const orphaned = orphans(context);
  const chosen = selectContainers(context, invocation, ({ record, state }: Summary) => state.status === 'running' || orphaned.has(record.ID));
  if (ends && chosen.some(({ id }) => orphaned.has(id))) reenterInside();
  return { chosen, orphaned };
}
