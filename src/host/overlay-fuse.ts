/** fuse-overlayfs: for kernels and file systems that can't, and for showing other owners than the disk has. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { SkiffError, isErrno, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import { unmount } from './bind-mount.ts';
import { childEnv } from './env.ts';
import { findProgram } from './find-program.ts';
import { overlayOptions } from './overlay-kernel.ts';
import type { OverlayMount } from './overlay-kernel.ts';
import { sys } from './sys.ts';

/**
 * fuse-overlayfs on a mount that is ours from the start: we open /dev/fuse, mount, and hand the descriptor over. Its process lives in
 * a mount namespace that does not contain the mount, so the kernel ends it (ENODEV on its descriptor) as soon as the last
 * namespace that has the mount is gone: it can't outlive the container, however that ended.
 */
export function mountFuseOverlay(request: OverlayMount, wanted = 'fuse-overlayfs'): void {
  const program = findProgram(wanted);
  const what = `mount fuse-overlayfs on ${JSON.stringify(request.target)}`;
  if (program === undefined) throw new SkiffError('HELPER_MISSING', `${what}: ${JSON.stringify(wanted)} not found`, { hint: 'install the package fuse-overlayfs' });
  let mounted = false;
  let device: number | undefined;
  let errors: [number, number] | undefined;
  try {
    device = openSync('/dev/fuse', 'r+');
    errors = sys().pipe();
    sys().mount('fuse-overlayfs', request.target, 'fuse.fuse-overlayfs', 0, `fd=${device},rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other`);
    mounted = true;
    const mapping = request.idMapping === undefined ? '' : `,uidmapping=${request.idMapping.uid},gidmapping=${request.idMapping.gid}`;
    sys().spawn({
      path: program, argv: ['fuse-overlayfs', '-f', '-o', `${overlayOptions(request)}${mapping}`, '/dev/fd/3'], env: childEnv(),
      cwd: request.overlayDir, fds: [[errors[1], 2], [device, 3]], setsid: true, withoutMount: request.target,
    });
    closeSync(device);
    device = undefined;
    closeSync(errors[1]);
    errors = [errors[0], -1];
    statSync(join(request.target, '.')); // waits for the server; ENOTCONN where it ended instead
  } catch (error) {
    if (mounted) unmount(request.target, { lazy: true });
    const said = errors !== undefined && errors[1] < 0 ? readText(errors[0]) : '';
    if (said !== '') throw new SkiffError('HELPER_FAILED', `${what}: ${said}`, { cause: error });
    throw wrap(error, what, isErrno(error, 'ENOENT', 'EACCES', 'ENODEV', 'ENXIO') ? { hint: 'fuse-overlayfs needs /dev/fuse: run: sudo modprobe fuse' } : {});
  } finally {
    if (device !== undefined) closeSync(device);
    for (const fd of errors ?? []) if (fd >= 0) closeSync(fd);
  }
}

function readText(fd: number): string {
  const buffer = Buffer.alloc(4096);
  return sys().poll([fd], 1000).length === 0 ? '' : buffer.toString('utf8', 0, readSync(fd, buffer)).trim();
}
