import { serveWorker } from '../../../host/worker.ts';
import type { WorkerCode, WorkerKind } from '../../../host/worker.ts';
import { keepYoungHeapSmall } from '../../../host/young-heap.ts';
import type { Invocation } from '../../spec.ts';
import { UsageError } from '../../usage-error.ts';

/** The code behind each kind. A loader has to load everything that the code will need: after the pivot no module file is in reach. */
const loaders: Readonly<Record<WorkerKind, () => Promise<WorkerCode>>> = {
  'unpack-layer': async () => (await import('../../../storage/unpack-worker.ts')).loadUnpackWorker(),
  'pack-layer': async () => (await import('../../../storage/pack-worker.ts')).loadPackWorker(),
};

export async function run({ args }: Invocation): Promise<number> {
  const kind = args[0] ?? '';
  if (!Object.hasOwn(loaders, kind)) throw new UsageError(`unknown kind of worker ${JSON.stringify(kind)}`, 'skiff __worker');
  const code = await loaders[kind as WorkerKind]();
  await keepYoungHeapSmall();
  return serveWorker(code);
}
