/**
 * Mounts of this process's own mount namespace. Only in a verb that the launcher put into one (needs.userns 'enter' or 'worker'):
 * whatever is mounted here is gone when the last process in that namespace is.
 */
import { SkiffError } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import { bindMount } from './bind-mount.ts';
import { config } from './config/index.ts';
import { mountFuseOverlay } from './overlay-fuse.ts';
import { mountKernelOverlay } from './overlay-kernel.ts';
import type { OverlayMount } from './overlay-kernel.ts';
import { overlayDriver } from './overlay-probe.ts';

export * from './bind-mount.ts';
export { volatileMark, type OverlayMount } from './overlay-kernel.ts';

/** Mounts an overlay: by the kernel, or by fuse-overlayfs where it can't or the user wants it so. @throws UNSUPPORTED where neither the kernel nor fuse-overlayfs can, IO and its like for the rest */
export function mountOverlay(request: OverlayMount): void {
  const [only] = request.lower;
  if (only === undefined) throw new SkiffError('INTERNAL', `mount overlay on ${JSON.stringify(request.target)}: no lower layer`);
  // The kernel wants two layers where there is no upper; one layer read-only is a bind mount.
  if (request.upper === undefined && request.lower.length === 1 && request.idMapping === undefined) {
    bindMount(join(request.overlayDir, only), request.target, { readOnly: true });
    return;
  }
  const { mountProgram } = config();
  const driver = request.idMapping === undefined && mountProgram === undefined ? overlayDriver(request.overlayDir) : 'fuse';
  if (driver === 'kernel') mountKernelOverlay(request);
  else mountFuseOverlay(request, mountProgram);
}
