/**
 * Names: skiff/names/<name> is a symlink whose text is the container's id. symlink(2) is the test and the set in one call.
 *
 * A link is dead when its container has no record. Dead links are what a cut create or remove leaves; whoever wants the
 * name takes it over. While a container is being made or removed its run lock is held, so a dead link with a held lock
 * is waited for instead.
 */
import { renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { makeFolders } from '../host/make-folders.ts';
import { isErrno, SkiffError, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { ContainerID } from '../oci/ids.ts';
import { linkIfThere } from '../host/if-there.ts';
import { acquire, isHeld, waitWhileHeld } from '../host/locks.ts';
import { randomHex } from '../host/random.ts';
import type { Context } from './index.ts';
import { runDir, runFiles } from './names.ts';
import { randomName } from './random-name.ts';
import { containerExists, nameOf, tryReadRecord } from './record.ts';

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** True where `text` may be a name and so a file of skiff/names. */
export function isName(text: string): boolean {
  return namePattern.test(text) && text.length <= 255;
}

/** @throws NAME_INVALID */
export function checkName(name: string): void {
  if (isName(name)) return;
  throw new SkiffError('NAME_INVALID', `container name ${JSON.stringify(name.slice(0, 300))}: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument`);
}

/** Takes the name for `id`. @throws NAME_INVALID NAME_IN_USE */
export function claimName(context: Context, name: string, id: ContainerID): void {
  checkName(name);
  const holder = tryClaim(context, name, id);
  if (holder !== undefined) throw inUse(name, holder);
}

/** Takes a generated name and returns it. */
export function claimRandomName(context: Context, id: ContainerID): string {
  for (let attempt = 0; attempt < 20; attempt++) {
    const name = attempt < 10 ? randomName() : `${randomName()}${randomHex(3)}`;
    if (tryClaim(context, name, id) === undefined) return name;
  }
  throw new SkiffError('NAME_IN_USE', 'no free container name was found');
}

/** Gives the name back when it is still `id`'s. Idempotent. */
export function releaseName(context: Context, name: string, id: ContainerID): void {
  const path = nameLink(context, name);
  if (linkTarget(path) !== id) return;
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw wrap(error, `free name "${name}"`);
  }
}

/** The id that bears the name, or undefined. Takes no lock. */
export function idOfName(context: Context, name: string): ContainerID | undefined {
  if (!isName(name)) return undefined;
  const id = linkTarget(nameLink(context, name));
  return id !== undefined && containerExists(context, id) ? id : undefined;
}

/** Path of the name's link. */
export function nameLink(context: Context, name: string): string {
  return join(context.store.layout.names, name);
}

function inUse(name: string, holder: ContainerID): SkiffError {
  return new SkiffError('NAME_IN_USE', `the container name "${name}" is already in use by ${holder}. You have to remove that container to be able to reuse that name: that name is already in use`,
    { hint: `remove it with: skiff rm ${name}, or give --replace`, data: { name, id: holder } });
}

/** Undefined: the name is ours now. Else who has it. `locked`: the caller holds namesLock. */
function tryClaim(context: Context, name: string, id: ContainerID, locked = false): ContainerID | undefined {
  const path = nameLink(context, name);
  for (;;) {
    if (makeLink(path, id)) return undefined;
    const holder = linkTarget(path);
    if (holder === id) return undefined;
    if (holder === undefined) continue; // it vanished between the two calls
    const record = tryReadRecord(context, holder); // once: between two looks its remover may come
    if (record !== undefined && nameOf(record) === name) return holder;
    const lock = join(runDir(context.runtimeDir, holder), runFiles.lock);
    if (record === undefined && isHeld(lock)) {
      waitForOutcome(context, holder, lock);
      continue;
    }
    replaceDead(context, path, holder, { id, name }, locked);
  }
}

/** A record that lost its name to a cut rename does not hold it. */
function bearsName(context: Context, holder: ContainerID, name: string): boolean {
  const record = tryReadRecord(context, holder);
  return record !== undefined && nameOf(record) === name;
}

/**
 * Being made or removed: waits until it is there, or whoever is at work has ended. The lock alone does not tell, since the monitor of a
 * container that was made and started at once keeps it.
 */
function waitForOutcome(context: Context, holder: ContainerID, lock: string): void {
  waitWhileHeld(lock, () => !containerExists(context, holder));
}

/** Only one at a time may take dead links over, else two could both believe that they did. */
function replaceDead(context: Context, path: string, dead: ContainerID, wish: { id: ContainerID; name: string }, locked: boolean): void {
  const lock = locked ? undefined : acquire(namesLock(context), 'exclusive');
  try {
    // A rename in progress had its link before its record; it holds this lock, so now its record is there.
    if (linkTarget(path) !== dead || bearsName(context, dead, wish.name)) return;
    const fresh = join(context.store.layout.own, `name-${wish.id}`);
    symlinkSync(wish.id, fresh);
    renameSync(fresh, path);
  } finally {
    lock?.release();
  }
}

/** Takes the name for a container that has another one, and gives that back when `change` has stored the new one. */
export function moveName(context: Context, id: ContainerID, names: { from: string; to: string }, change: () => void): void {
  checkName(names.to);
  const lock = acquire(namesLock(context), 'exclusive');
  try {
    const holder = tryClaim(context, names.to, id, true);
    if (holder !== undefined) throw inUse(names.to, holder);
    try {
      change();
    } catch (error) {
      releaseName(context, names.to, id);
      throw error;
    }
    releaseName(context, names.from, id);
  } finally {
    lock.release();
  }
}

/** EXCLUSIVE while a dead name is taken over or a container is renamed. */
export function namesLock(context: Context): string {
  return join(context.store.layout.own, 'names.lock');
}

function makeLink(path: string, id: ContainerID): boolean {
  try {
    symlinkSync(id, path);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    if (!isErrno(error, 'ENOENT')) throw wrap(error, 'take a container name');
    makeFolders(join(path, '..'), 0o700);
    return makeLink(path, id);
  }
}

function linkTarget(path: string): ContainerID | undefined {
  const text = linkIfThere(path, 'read a container name');
  return text !== undefined && /^[0-9a-f]{64}$/.test(text) ? (text as ContainerID) : undefined;
}
