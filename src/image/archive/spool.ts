/** Temporary files of the store, and a brake on filling its disk with them. */
import { openSync, statfsSync, unlinkSync } from 'node:fs';
import { writeAll } from '../../host/atomic-write.ts';
import { randomHex } from '../../host/random.ts';
import { SkiffError, wrap } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import type { Store } from '../../storage/index.ts';
import { ensureStore } from '../../storage/store.ts';

/** A file without a name, for reading and writing: gone when it is closed, or with the process. @throws NO_SPACE, PERMISSION, IO */
export function openSpool(store: Store): number {
  ensureStore(store);
  const path = join(store.layout.layerdbTmp, `spool-${randomHex(8)}`);
  try {
    const fd = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    return fd;
  } catch (error) {
    throw wrap(error, 'make temporary file');
  }
}

const checkEveryBytes = 64 * 1024 * 1024;
/** What a stream may leave of the disk: others on it must go on working when an archive turns out to be a bomb. */
const reserveBytes = 128n * 1024n * 1024n;

/** Writes chunks to a spool and looks at the disk now and then. @throws NO_SPACE before the disk is full */
export function spoolWriter(store: Store, fd: number): (chunk: Uint8Array) => void {
  let unchecked = checkEveryBytes;
  return (chunk) => {
    unchecked += chunk.length;
    if (unchecked >= checkEveryBytes) {
      unchecked = 0;
      const { bavail, bsize } = statfsSync(store.root, { bigint: true });
      if (bavail * bsize < reserveBytes) throw new SkiffError('NO_SPACE', `less than ${reserveBytes / 1_000_000n} MB are free in "${store.root}"`);
    }
    try {
      writeAll(fd, chunk);
    } catch (error) {
      throw wrap(error, 'write temporary file');
    }
  };
}
