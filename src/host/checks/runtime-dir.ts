/** The folder of what must not outlive a boot. */
import { statSync } from 'node:fs';
import { session } from '../session.ts';
import { sys } from '../sys.ts';
import { type Check, fail, ok, type Verdict, warn } from './index.ts';

const TMPFS_MAGIC = 0x0102_1994;

function runtimeDir(): Verdict {
  const { runtimeDir: path, hostUid, hostGid, userns } = session();
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return fail(`${path} is missing`, userns.kind === 'refused' && userns.hint !== '' ? userns.hint : undefined);
  const { type, bavail, bsize } = sys().statfs(path);
  if (bavail * BigInt(bsize) < 1_048_576n) return fail(`${path} is full`, 'end what fills it, or set XDG_RUNTIME_DIR to another directory with mode 0700');
  if (path.startsWith('/tmp/skiff-run-')) {
    return warn(`${path}, for want of $XDG_RUNTIME_DIR: another kind of login may use another directory`, `loginctl enable-linger ${hostUid}, or export XDG_RUNTIME_DIR=/run/user/${hostUid}`);
  }
  if (type !== TMPFS_MAGIC) return warn(`${path} is on a disk: what is left of a boot is not gone at the next`, `while no container runs: sudo mount -t tmpfs -o mode=0700,uid=${hostUid},gid=${hostGid} tmpfs ${path}`);
  return ok(path);
}

export const runtimeDirChecks: readonly Check[] = [{ group: 'runtime', title: 'runtime directory', run: runtimeDir }];
