import type { Pruned } from '../../../container/prune.ts';
import { pruneContainers, pruneFilter, pruneVolumes } from '../../../container/prune.ts';
import type { Context } from '../../../container/index.ts';
import { imageUses } from '../../../container/image-uses.ts';
import { config } from '../../../host/config/index.ts';
import { layerUsage, recordsUsage } from '../../../image/disk-usage.ts';
import { pruneImages } from '../../../image/prune.ts';
import type { ImageSummary } from '../../../image/summary.ts';
import { unfinishedUsage } from '../../../image/unfinished.ts';
import { humanSize } from '../../../lib/units.ts';
import type { ImageID } from '../../../oci/ids.ts';
import { hexOf } from '../../../oci/ids.ts';
import { pruneBlobs } from '../../../storage/blob-area.ts';
import { sweep } from '../../../storage/gc.ts';
import { hasImage, listImages } from '../../../storage/imagedb.ts';
import type { Store } from '../../../storage/index.ts';
import { hasLayer, listLayers } from '../../../storage/layerdb.ts';
import { openStore } from '../../../storage/store.ts';
import { confirm } from '../../confirm.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';

export async function run({ options }: Invocation): Promise<void> {
  const all = options['all'] === true;
  const volumes = options['volumes'] === true;
  const filters = (options['filter'] as readonly string[] | undefined) ?? [];
  const nowMs = Date.now();
  const only = pruneFilter<ImageSummary>(filters, nowMs, (image) => ({ createdMs: image.createdMs, labels: image.config.config.Labels ?? {} }));
  if (options['force'] !== true && !(await confirm(warning({ all, volumes, downloads: filters.length === 0 })))) return;
  const context: Context = { store: openStore(config().root), runtimeDir: config().runtimeDir };
  // A filter is about things with an age and labels: beside one, the beginnings of blobs stay.
  const unfinishedBytes = filters.length === 0 ? pruneUnfinished(context.store) : 0;
  const containers = pruneContainers(context, filters, nowMs);
  tell('Deleted Containers', containers.map(({ id }) => id));
  const images = await prunedImages(context, all, only);
  tell('Deleted Images', images.ids.map(hexOf));
  const gone = volumes ? pruneVolumes(context, filters, nowMs) : [];
  tell('Deleted Volumes', gone.map(({ id }) => id));
  printLine(`Total reclaimed space: ${humanSize(freed(containers) + images.freedBytes + freed(gone) + unfinishedBytes)}`);
}

/** Returns the bytes that are free now. */
function pruneUnfinished(store: Store): number {
  const before = unfinishedUsage(store).reclaimableBytes;
  pruneBlobs(store);
  sweep(store);
  // What was cut just now is the next one's.
  return Math.max(0, before - unfinishedUsage(store).reclaimableBytes);
}

/** In the peer's words, without those about what there is not here. */
function warning({ all, volumes, downloads }: { all: boolean; volumes: boolean; downloads: boolean }): string {
  const lines = [
    'all stopped containers', ...(volumes ? ['all volumes not used by at least one container'] : []),
    all ? 'all images without at least one container associated with them' : 'all dangling images',
    ...(downloads ? ['what unfinished pulls have left'] : []),
  ];
  return `WARNING! This command removes:\n${lines.map((line) => `\t- ${line}\n`).join('')}\n`;
}

async function prunedImages(context: Context, all: boolean, only: (image: ImageSummary) => boolean): Promise<{ ids: ImageID[]; freedBytes: number }> {
  const { store } = context;
  const layers = listLayers(store).map((layer) => ({ layer, bytes: layerUsage(store, layer) }));
  const records = listImages(store).map((id) => ({ id, bytes: recordsUsage(store, id) }));
  const ids = await pruneImages(store, { all, only, uses: () => imageUses(context) });
  const gone = [...layers.filter(({ layer }) => !hasLayer(store, layer)), ...records.filter(({ id }) => !hasImage(store, id))];
  return { ids, freedBytes: gone.reduce((total, { bytes }) => total + bytes, 0) };
}

function tell(title: string, names: readonly string[]): void {
  if (names.length === 0) return;
  printLine(title);
  for (const name of names) printLine(name);
}

function freed(pruned: readonly Pruned<string>[]): number {
  return pruned.reduce((total, { freedBytes }) => total + freedBytes, 0);
}
