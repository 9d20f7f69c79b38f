/**
 * What a root filesystem must not bring along: links where the runtime mounts the kernel's filesystems. A link at /dev, /proc or /sys made
 * runtimes mount or create things elsewhere, on the host even (CVE-2019-19921, CVE-2023-27561, CVE-2026-41579, CVE-2026-47766).
 */
import { lstatSync } from 'node:fs';
import { isErrno, SkiffError, wrap } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';

/** @throws CONFIG_INVALID */
export function checkRootfs(rootfs: string): void {
  for (const name of ['dev', 'proc', 'sys']) {
    try {
      // The name is the last one of the path: nothing of the image is followed.
      if (!lstatSync(join(rootfs, name)).isDirectory()) {
        throw new SkiffError('CONFIG_INVALID', `root filesystem: "/${name}" must be a directory, not a link or file`);
      }
    } catch (error) {
      if (error instanceof SkiffError) throw error;
      if (!isErrno(error, 'ENOENT')) throw wrap(error, 'root filesystem');
    }
  }
}
