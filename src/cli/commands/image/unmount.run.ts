import { config } from '../../../host/config/index.ts';
import { ownMounts, requireInside, unmountImage } from '../../../image/mount.ts';
import { resolveImage } from '../../../image/resolve.ts';
import { SkiffError } from '../../../lib/errors.ts';
import { hexOf } from '../../../oci/ids.ts';
import { byAlias } from '../../by-alias.ts';
import { printLine } from '../../output.ts';
import { reportError } from '../../report.ts';
import type { Invocation } from '../../spec.ts';
import { imageStore } from './_store.ts';

/** Each as far as it can be; failures are printed one by one. */
export async function run({ args, options }: Invocation): Promise<number> {
  const { runtimeDir } = config();
  requireInside(runtimeDir, 'image unmount');
  const store = imageStore();
  const mounts = ownMounts(runtimeDir);
  const named = async (text: string) => {
    const { id } = await byAlias(text, (name) => resolveImage(store, name));
    const mount = mounts.find(({ image }) => image === id);
    if (mount === undefined) throw new SkiffError('NOT_FOUND', `unmount image ${id}: image is not mounted`);
    return mount;
  };
  let exitCode = 0;
  for (const find of options['all'] === true ? mounts.map((mount) => () => mount) : args.map((name) => () => named(name))) {
    try {
      const mount = await find();
      unmountImage(mount, options['force'] === true);
      printLine(hexOf(mount.image));
    } catch (error) {
      exitCode = reportError(error);
    }
  }
  return exitCode;
}
