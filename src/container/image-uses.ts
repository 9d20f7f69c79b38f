/** What keeps images, as those who remove them ask it. */
import type { ImageUse } from '../image/index.ts';
import { mountedImages } from '../image/mount.ts';
import type { Context } from './index.ts';
import type { ContainerRecord } from './model.ts';
import { allContainers } from './summary.ts';

/** Which image each container was made from, and which images are mounted. */
export function imageUses(context: Context, records: readonly ContainerRecord[] = allContainers(context).map(({ record }) => record)): ImageUse[] {
  return [...records.flatMap(({ ID, Image }) => (Image === '' ? [] : [{ container: ID, image: Image }])), ...mountedImages(context.runtimeDir)];
}
