/**
 * Locks: flock(2) on files that are never removed while in use. The kernel drops a lock when the last descriptor of its open
 * file is closed, by exit, kill or crash, so there is nothing to repair and no process id to trust.
 *
 * ## The order
 * Who takes more than one takes them in this order and gives them back in any:
 *   1. the launcher's lock on making a user namespace (held before Node starts, never by code in src/)
 *   2. $XDG_RUNTIME_DIR/skiff/<container>/change EXCLUSIVE by create, start and remove: one of them at a time
 *   3. $XDG_RUNTIME_DIR/skiff/<container>/lock   the container's life: claim() under 2, inherited by the monitor
 *   4. <root>/skiff/images.lock                  EXCLUSIVE while an image appears or goes, SHARED from the moment at which an image is found until a container of it is recorded
 *   5. <root>/skiff/lock                         SHARED while the store is changed; EXCLUSIVE by the sweeper, by tryAcquire only
 *   5a. layerdb/mounts/<container>                EXCLUSIVE by a launcher from its making until Node comes to it; only ever probed (storage/ahead.ts)
 *   6. layerdb/tmp/<chainID>.lock                EXCLUSIVE by who unpacks that layer; several layers: base layer first
 *   7. <root>/skiff/refs.lock                    EXCLUSIVE around read-change-rename of repositories.json
 *   7a. <root>/skiff/blobs/<digest>.use          SHARED by who wants a blob, from before its download until its layer is stored;
 *                                                EXCLUSIVE, by tryAcquire only, by who removes the blob (storage/blob-area.ts)
 *   7b. <root>/skiff/blobs/<digest>.partial      EXCLUSIVE by who downloads it, by tryAcquire only: across the download, during
 *                                                which nothing else is waited for, so that every download ends
 *   8. <root>/skiff/names.lock                   EXCLUSIVE while a dead container name is taken over or a container is renamed
 *   9. $XDG_RUNTIME_DIR/skiff/auth.lock           EXCLUSIVE around read-change-rename of an auth file or of policy.json
 * None but 6 and 7 are held across a download or while a container runs (3 excepted: it says that the container runs), and who
 * has downloads under way waits for 6 by acquireLater, so that they go on.
 * A lock is of the open file, not of the process: the same process that acquires a path twice waits for itself.
 */
import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isErrno } from '../lib/errors.ts';
import { isThere } from './if-there.ts';
import { sys } from './sys.ts';

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;

export type LockKind = 'shared' | 'exclusive';

/** A held lock. `fd` may be handed to a child: then the lock lives as long as either has it open. */
export interface Lock { readonly fd: number; release(): void }

/** Waits for the lock. The file is made (0600) where it is missing; its folder has to exist. */
export function acquire(path: string, kind: LockKind): Lock {
  return take(path, kind, 0) as Lock;
}

/** The lock, or undefined where somebody holds it in a way that excludes this. */
export function tryAcquire(path: string, kind: LockKind): Lock | undefined {
  return take(path, kind, LOCK_NB);
}

/** Between two looks at a lock: short at first, for most are held for moments. */
const firstLookMs = 5;
const longestLookMs = 200;

/**
 * Waits for the lock while the event loop goes on. By looking again and again: the kernel tells of an unlock only to a thread
 * that waits in line, and there are but four of those. @throws the signal's reason
 */
export async function acquireLater(path: string, kind: LockKind, signal?: AbortSignal): Promise<Lock> {
  for (let waitMs = firstLookMs; ; waitMs = Math.min(waitMs * 2, longestLookMs)) {
    const lock = tryAcquire(path, kind);
    if (lock !== undefined) return lock;
    // Its own error for an abort would hide the reason.
    await delay(waitMs, undefined, signal === undefined ? undefined : { signal }).catch(() => undefined);
    signal?.throwIfAborted();
  }
}

/**
 * An exclusive lock on a file that others only ever probe with isHeld(), or undefined where somebody has claimed it. Unlike
 * tryAcquire it isn't fooled by a probe, which for its few microseconds is a shared lock.
 */
export function claim(path: string): Lock | undefined {
  for (;;) {
    const lock = tryAcquire(path, 'exclusive');
    if (lock !== undefined) return lock;
    const probe = tryAcquire(path, 'shared');
    if (probe === undefined) return undefined;
    probe.release();
    sys().poll([], 1); // there is nothing to wait on: the kernel tells nobody of an unlock but who waits in line
  }
}

/** True where somebody holds `path` exclusively. False where the file is missing. */
export function isHeld(path: string): boolean {
  if (!isThere(path)) return false;
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
  try {
    return !sys().flock(fd, LOCK_SH | LOCK_NB);
  } finally {
    closeSync(fd);
  }
}

/** Waits while somebody holds `path` exclusively and `waits` says true; by looking again and again, as the kernel tells of neither. */
export function waitWhileHeld(path: string, waits: () => boolean): void {
  while (waits() && isHeld(path)) sys().poll([], 2);
}

/** Runs `fn` under the lock, also where fn is asynchronous. */
export async function withLock<T>(path: string, kind: LockKind, fn: () => T | Promise<T>): Promise<T> {
  const lock = acquire(path, kind);
  try {
    return await fn();
  } finally {
    lock.release();
  }
}

function take(path: string, kind: LockKind, extra: number): Lock | undefined {
  for (;;) {
    const fd = openLock(path, kind);
    let mine = false;
    try {
      if (!sys().flock(fd, (kind === 'shared' ? LOCK_SH : LOCK_EX) | extra)) return undefined;
      // A lock file may be removed with the folder around it (a container, an unpacked layer): a lock on a file which has no
      // name any more excludes nobody.
      mine = sameFile(fd, path);
      if (mine) return hold(fd);
    } finally {
      if (!mine) closeSync(fd);
    }
  }
}

function openLock(path: string, kind: LockKind): number {
  const flags = constants.O_NOFOLLOW;
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | flags, 0o600);
  } catch (error) {
    // A store on a read-only disk or of another user can still be read.
    if (kind === 'shared' && isErrno(error, 'EROFS', 'EACCES')) return openSync(path, constants.O_RDONLY | flags);
    throw error;
  }
}

function sameFile(fd: number, path: string): boolean {
  const byName = statSync(path, { bigint: true, throwIfNoEntry: false });
  const byFd = fstatSync(fd, { bigint: true });
  return byName !== undefined && byName.ino === byFd.ino && byName.dev === byFd.dev;
}

function hold(fd: number): Lock {
  let held = true;
  return {
    fd,
    release: () => {
      if (held) closeSync(fd);
      held = false;
    },
  };
}
