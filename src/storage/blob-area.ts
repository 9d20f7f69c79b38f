/**
 * skiff/blobs/: layers on their way from a registry into the store. What was once downloaded is not downloaded again: a pull that
 * is killed, cut off or runs out of disk leaves what it has, and the next one goes on there, after a reboot as well.
 *
 *   <digest>.partial   the beginning of a blob. Its downloader holds it EXCLUSIVE and appends; the kernel lets go of it with the
 *                      process, so that whoever comes next may go on at once.
 *   <digest>           all of it; by one rename.
 *   <digest>.use       SHARED by everyone who wants the blob until its layer is in the store. Who gets it EXCLUSIVE may remove the
 *                      three: nobody wants the blob.
 *
 * Nothing here is synced and nothing is hashed: after a power cut a file may end in zeros or be shorter than it was. Whoever reads
 * a blob checks its digest, and where it is wrong drops the blob and has it downloaded anew.
 */
import { constants, fstatSync, ftruncateSync, openSync, renameSync, rmSync, statSync, writevSync } from 'node:fs';
import { dirname } from 'node:path';
import { diskUsage } from '../host/disk-usage.ts';
import { isThere, namesIfThere } from '../host/if-there.ts';
import type { Lock } from '../host/locks.ts';
import { acquire, tryAcquire } from '../host/locks.ts';
import { makeFolders } from '../host/make-folders.ts';
import { SkiffError, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { Digest } from '../oci/ids.ts';
import { parseDigest } from '../oci/ids.ts';
import { hasFreeSpace, lookEveryBytes, requireFreeSpace } from './free-space.ts';
import type { Store } from './index.ts';
import { ensureStore } from './store.ts';

/** A registered interest in a blob. */
export interface BlobUse {
  /** Ends it. `drop`: the blob is not needed any more and goes, where nobody else wants it. Idempotent. */
  release(drop: boolean): void;
}

/** Says that this process wants the blob: nobody removes it from now on. @throws PERMISSION, NO_SPACE, IO */
export function useBlob(store: Store, digest: Digest): BlobUse {
  const path = store.layout.blob(digest);
  const lock = working(digest, () => {
    ensureStore(store);
    makeFolders(store.layout.blobs, 0o700);
    return acquire(`${path}.use`, 'shared');
  });
  let released = false;
  return {
    release(drop) {
      if (released) return;
      released = true;
      lock.release();
      // Of a blob that never began, the file of the lock would stay.
      if (drop || haveBytesOf(path) === 0) working(digest, () => removeUnused(path));
    },
  };
}

/** A blob, and how long its descriptor says it is. */
export interface ClaimedBlob { readonly digest: Digest; readonly sizeBytes: number }

/**
 * Before the first byte of several blobs, all of them in use: whether there is room for what is missing of them, together. Blobs that
 * nobody wants make room where it takes that. @throws NO_SPACE, PERMISSION, IO
 */
export function requireRoomFor(store: Store, blobs: readonly ClaimedBlob[]): void {
  const missing = blobs.reduce((sum, { digest, sizeBytes }) => sum + Math.max(0, sizeBytes - haveBytesOf(store.layout.blob(digest))), 0);
  if (missing === 0) return;
  if (!hasFreeSpace(store.layout.blobs, missing)) {
    const left = listBlobs(store).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (hasFreeSpace(store.layout.blobs, missing - left)) pruneBlobs(store);
  }
  requireFreeSpace(store.layout.blobs, missing);
}

function haveBytesOf(path: string): number {
  return (statSync(path, { throwIfNoEntry: false }) ?? statSync(`${path}.partial`, { throwIfNoEntry: false }))?.size ?? 0;
}

/** The right to download a blob, and what is there of it already. */
export interface Download {
  /** Bytes from before: fetch the rest. */
  readonly haveBytes: number;
  /** Writes at the end. @throws NO_SPACE, IO */
  append(pieces: readonly Uint8Array[]): void;
  /** Opens it for reading; to be closed by the caller. It grows while `append` is called. */
  open(): number;
  /** All bytes are there: it gets its name. Ends the right. */
  finish(): void;
  /** What came can't be the beginning of the blob: removes it. Ends the right. */
  discard(): void;
  /** Ends the right, keeping what is there. Idempotent, and nothing after finish(). */
  close(): void;
}

/**
 * The right to download a blob that is `sizeBytes` long; 'finished' where that was done; undefined where another process is at it.
 * To be called while the blob is in use (useBlob). @throws PERMISSION, NO_SPACE, IO
 */
export function beginDownload(store: Store, digest: Digest, sizeBytes: number): Download | 'finished' | undefined {
  const path = store.layout.blob(digest);
  return working(digest, () => {
    const lock = tryAcquire(`${path}.partial`, 'exclusive');
    if (lock === undefined) return undefined;
    try {
      const finished = statSync(path, { throwIfNoEntry: false });
      if (finished?.size === sizeBytes) {
        rmSync(`${path}.partial`, { force: true });
        lock.release();
        return 'finished';
      }
      if (finished !== undefined) rmSync(path, { force: true });
      return download(digest, path, sizeBytes, lock);
    } catch (error) {
      if (fstatSync(lock.fd).size === 0) rmSync(`${path}.partial`, { force: true });
      lock.release();
      throw error;
    }
  });
}

function download(digest: Digest, path: string, sizeBytes: number, lock: Lock): Download {
  const before = fstatSync(lock.fd).size;
  // Longer than it can be: another's idea of the same digest.
  if (before > sizeBytes) ftruncateSync(lock.fd, 0);
  const haveBytes = before > sizeBytes ? 0 : before;
  const folder = dirname(path);
  // A layer may say any size, and others need the disk as well.
  if (haveBytes < sizeBytes) requireFreeSpace(folder, sizeBytes - haveBytes);
  let at = haveBytes;
  let lookAt = at + lookEveryBytes;
  return {
    haveBytes,
    append: (pieces) => working(digest, () => {
      at = writeAt(lock.fd, pieces, at);
      if (at < lookAt) return;
      lookAt = at + lookEveryBytes;
      requireFreeSpace(folder);
    }),
    open: () => working(digest, () => openSync(`/proc/self/fd/${lock.fd}`, constants.O_RDONLY)),
    finish: () => working(digest, () => {
      if (at !== sizeBytes) throw new SkiffError('INTERNAL', `blob ${digest} ended at ${at} of ${sizeBytes} bytes`);
      renameSync(`${path}.partial`, path);
      lock.release();
    }),
    discard: () => working(digest, () => {
      rmSync(`${path}.partial`, { force: true });
      lock.release();
    }),
    close: () => lock.release(),
  };
}

/** Returns where it ended. A disk that is nearly full takes a part. */
function writeAt(fd: number, pieces: readonly Uint8Array[], from: number): number {
  let at = from;
  let rest = pieces;
  while (rest.length > 0) {
    const written = writevSync(fd, rest, at);
    at += written;
    rest = without(rest, written);
  }
  return at;
}

function without(pieces: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let skip = bytes;
  for (const [index, piece] of pieces.entries()) {
    if (skip < piece.length) return [piece.subarray(skip), ...pieces.slice(index + 1)];
    skip -= piece.length;
  }
  return [];
}

/** A finished blob, for reading. To be closed by the caller. @throws NOT_FOUND, PERMISSION, IO */
export function openBlob(store: Store, digest: Digest): number {
  return working(digest, () => openSync(store.layout.blob(digest), constants.O_RDONLY | constants.O_NOFOLLOW));
}

/**
 * Drops a finished blob that turned out to be damaged, or to be no layer. Others that want it may be reading it: they find the same, on
 * the file that they have open.
 */
export function dropBlob(store: Store, digest: Digest): void {
  working(digest, () => rmSync(store.layout.blob(digest), { force: true }));
}

/** Whether any command wants the blob this moment. */
export function isWanted(store: Store, digest: Digest): boolean {
  const path = `${store.layout.blob(digest)}.use`;
  if (!isThere(path)) return false;
  const lock = tryAcquire(path, 'exclusive');
  if (lock === undefined) return true;
  if (haveBytesOf(store.layout.blob(digest)) === 0) rmSync(path, { force: true });
  lock.release();
  return false;
}

/** Bytes on the disk, as du(1) counts them. */
export function blobUsage(store: Store, digest: Digest): number {
  const path = store.layout.blob(digest);
  return parts.reduce((sum, part) => sum + diskUsage(`${path}${part}`), 0);
}

/** After the name of a blob: all of it, its beginning, its lock. */
const parts = ['', '.partial', '.use'] as const;

export interface PrunedBlobs { readonly digests: readonly Digest[]; readonly freedBytes: number }

/**
 * Removes blobs that nobody wants this moment: all, or those that nothing was added to for `olderThanMs`. Safe beside pulls.
 * @throws PERMISSION, IO
 */
export function pruneBlobs(store: Store, { olderThanMs = 0 }: { olderThanMs?: number } = {}): PrunedBlobs {
  const digests: Digest[] = [];
  let freedBytes = 0;
  for (const { digest, sizeBytes, changedMs } of listBlobs(store)) {
    // Of a blob that never began there is nothing to keep.
    if (olderThanMs > 0 && sizeBytes > 0 && Date.now() - changedMs < olderThanMs) continue;
    if (!working(digest, () => removeUnused(store.layout.blob(digest)))) continue;
    digests.push(digest);
    freedBytes += sizeBytes;
  }
  return { digests, freedBytes };
}

export interface BlobView {
  readonly digest: Digest;
  /** On the disk, of the blob or of what there is of it. */
  readonly sizeBytes: number;
  readonly changedMs: number;
  readonly whole: boolean;
}

/** What is in the area, wanted or not. */
export function listBlobs(store: Store): BlobView[] {
  const views = new Map<string, BlobView>();
  for (const name of namesIfThere(store.layout.blobs, 'read downloads')) {
    const match = /^(sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128})(|\.partial|\.use)$/.exec(name);
    const found = match === null ? undefined : statSync(join(store.layout.blobs, name), { throwIfNoEntry: false });
    if (match?.[1] === undefined || found === undefined) continue;
    const before = views.get(match[1]);
    views.set(match[1], {
      digest: parseDigest(match[1].replace('-', ':')),
      sizeBytes: (before?.sizeBytes ?? 0) + (match[2] === '.use' ? 0 : found.size),
      changedMs: Math.max(before?.changedMs ?? 0, found.mtimeMs), whole: (before?.whole ?? false) || match[2] === '',
    });
  }
  return [...views.values()];
}

/** False where somebody wants it. Who waits for the lock whose file goes away notices and starts over (host/locks.ts). */
function removeUnused(path: string): boolean {
  const lock = tryAcquire(`${path}.use`, 'exclusive');
  if (lock === undefined) return false;
  try {
    // The lock's own file last: as long as it is there, it excludes.
    for (const part of parts) rmSync(`${path}${part}`, { force: true });
    return true;
  } finally {
    lock.release();
  }
}

function working<T>(digest: Digest, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof SkiffError ? error : wrap(error, `keep blob ${digest}`);
  }
}
