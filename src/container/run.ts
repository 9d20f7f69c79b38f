/** Create and start in one go, without reading back what was just written. */
import { isCode, SkiffError } from '../lib/errors.ts';
import { log } from '../lib/log.ts';
import type { ClientWish } from '../runtime/start-monitor.ts';
import { createContainer, type CreateInput } from './create.ts';
import type { Context } from './index.ts';
import { launch, type Launched } from './launch/launch.ts';
import type { ContainerRecord } from './model.ts';
import { performRemoval } from './removal.ts';

export interface RunInput extends CreateInput {
  /** Undefined: detached. */
  client: ClientWish | undefined;
}

export interface RunningContainer { record: ContainerRecord; launched: Launched }

/**
 * A container that could not be started stays, as in Podman, so that it can be looked at; with `--rm` it goes.
 * The run lock is ours from before the container has a name until the monitor has it: nobody can come in between.
 */
export async function runContainer(context: Context, input: RunInput): Promise<RunningContainer> {
  const { record, life } = await createContainer(context, input);
  try {
    const launched = await launch(context, { record, life, client: input.client });
    return { record, launched };
  } catch (error) {
    if (record.Skiff.autoRemove) removeFailed(context, record);
    // As Podman's run, and unlike its start.
    if (isCode(error, 'NETWORK_FAILED')) throw new SkiffError(error.code, error.message, { exitCode: 126, cause: error, data: error.data });
    throw error;
  } finally {
    life.release();
  }
}

function removeFailed(context: Context, record: ContainerRecord): void {
  try {
    performRemoval(context, record, { volumes: true });
  } catch (error) {
    log.warn(`remove container ${record.ID}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
