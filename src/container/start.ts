/** Starting containers that were made before. */
import type { ContainerID } from '../oci/ids.ts';
import type { ClientWish } from '../runtime/start-monitor.ts';
import type { Context } from './index.ts';
import { launch, type Launched } from './launch/launch.ts';
import { claimLife, lockChange, removeRunDir } from './life.ts';
import { unknownContainer } from './lookup.ts';
import { tryReadRecord } from './record.ts';

/**
 * Starts the container, or returns undefined where it runs already: starting it twice is no error, as in Podman.
 * Waits while somebody else starts or removes it.
 * @throws CONTAINER_UNKNOWN and whatever launch() throws
 */
export async function startContainer(context: Context, id: ContainerID, options: { client?: ClientWish | undefined } = {}): Promise<Launched | undefined> {
  const change = lockChange(context, id);
  try {
    const life = claimLife(context, id);
    if (life === undefined) return undefined;
    try {
      const record = tryReadRecord(context, id);
      if (record === undefined) {
        removeRunDir(context, id); // made for the locks
        throw unknownContainer(id);
      }
      return await launch(context, { record, life, client: options.client });
    } finally {
      life.release(); // the monitor has it too, where the start succeeded
    }
  } finally {
    change.release();
  }
}
