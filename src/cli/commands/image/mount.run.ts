import { config } from '../../../host/config/index.ts';
import { mountImage, ownMounts, requireInside } from '../../../image/mount.ts';
import { resolveImage } from '../../../image/resolve.ts';
import { isIntermediate, namesByImage, summarizeImages } from '../../../image/summary.ts';
import { SkiffError } from '../../../lib/errors.ts';
import { alignTabs } from '../../../lib/table.ts';
import type { ImageID } from '../../../oci/ids.ts';
import { hexOf } from '../../../oci/ids.ts';
import { canonicalString } from '../../../oci/reference.ts';
import { byAlias } from '../../by-alias.ts';
import { print, printJson, printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { imageStore } from './_store.ts';

export async function run({ args, options }: Invocation): Promise<void> {
  const { runtimeDir } = config();
  requireInside(runtimeDir, 'image mount');
  const store = imageStore();
  const all = options['all'] === true;
  if (all && args.length > 0) throw new SkiffError('USAGE', 'when using the --all switch, you may not pass any image names or IDs');
  const listing = all || args.length === 0;
  const names = namesByImage(store);
  const shown = (id: ImageID): string[] => (names.get(id) ?? []).map(canonicalString);
  const wanted = all ? summarizeImages(store).filter((image) => !isIntermediate(image)).map(({ id }) => id) : await Promise.all(args.map(async (text) => (await byAlias(text, (name) => resolveImage(store, name))).id));
  const mounts = listing && !all ? ownMounts(runtimeDir) : wanted.map((image) => ({ image, mountPoint: mountImage(store, runtimeDir, image) }));
  if (options['format'] === 'json') {
    return printJson(mounts.map(({ image, mountPoint }) => ({ id: hexOf(image), Names: shown(image), Repositories: shown(image), mountpoint: mountPoint })), 1);
  }
  if (!listing && mounts.length === 1) return printLine(mounts[0]?.mountPoint ?? '');
  print(await alignTabs(mounts.map(({ image, mountPoint }) => `${shown(image)[0] ?? hexOf(image)}\t${mountPoint}\n`).join(''), { minWidth: 0 }));
}
