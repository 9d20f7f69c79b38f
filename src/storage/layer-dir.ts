/**
 * overlay2/<id>/: the folder of a layer, with its short name in l/. Made here for image layers, for containers and for
 * their init layers alike, as Docker's driver makes them.
 *
 * @see moby daemon/graphdriver/overlay2/overlay.go (create, getLower)
 */
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { makeFolders } from '../host/make-folders.ts';
import { SkiffError, isErrno, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import { randomBytes, randomHex } from '../host/random.ts';
import { removeTree } from '../host/remove-tree.ts';
import type { CacheID } from '../oci/ids.ts';
import { parseCacheID } from '../oci/ids.ts';
import type { Store } from './index.ts';
import { layerFiles, repairHint } from './layout.ts';

/** More would not fit in a page of mount options (Docker's maxDepth). */
const maxLowers = 128;
const linkAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const linkLength = 26;
const linkPattern = /^[A-Z2-7]{26}$/;

export function newCacheID(): CacheID {
  return parseCacheID(randomHex(32));
}

/**
 * Makes overlay2/<id> with diff, link, l/<link> and, where there is something below, work and lower. `lowers` is what lowersOf()
 * gives for the layer below; none for a base layer. Not synced. Returns what a layer on top has as its lowers.
 * @throws EXISTS, NO_SPACE, UNSUPPORTED (too many layers)
 */
export function makeLayerDir(store: Store, id: string, lowers: readonly string[]): string[] {
  const folder = store.layout.layerDir(id);
  try {
    mkdirSync(folder, { mode: 0o710 });
    mkdirSync(join(folder, layerFiles.diff), { mode: 0o755 });
    const link = makeLink(store, id);
    if (lowers.length > 0) {
      mkdirSync(join(folder, layerFiles.work), { mode: 0o700 });
      writeLowers(store, id, lowers);
    }
    return onTop(link, lowers, id);
  } catch (error) {
    throw wrap(error, `make layer ${id}`);
  }
}

/** The rest of it for a layer that stands on something, where all but `lower` is there (ahead.ts). Not synced. Returns and throws as makeLayerDir(). */
export function completeLayerDir(store: Store, id: string, lowers: readonly string[]): string[] {
  try {
    writeLowers(store, id, lowers);
    return onTop(linkOf(store, id), lowers, id);
  } catch (error) {
    throw wrap(error, `make layer ${id}`);
  }
}

function writeLowers(store: Store, id: string, lowers: readonly string[]): void {
  writeFileSync(join(store.layout.layerDir(id), layerFiles.lower), lowers.join(':'), { mode: 0o644 });
}

/** Says that nobody may write to the layer any more: children and Docker mount it read-only. */
export function markCommitted(store: Store, id: string): void {
  writeFileSync(join(store.layout.layerDir(id), layerFiles.committed), '', { mode: 0o600 });
}

/** What a layer above `id` has as its lower layers: `id` itself, then what is below it; "l/<link>", topmost first. @throws STORE_CORRUPT */
export function lowersOf(store: Store, id: string): string[] {
  return onTop(linkOf(store, id), readLowers(store, id), id);
}

function onTop(link: string, below: readonly string[], id: string): string[] {
  const lowers = [`l/${link}`, ...below];
  if (lowers.length > maxLowers) throw new SkiffError('UNSUPPORTED', `layer ${id} has ${lowers.length} layers, an overlay takes ${maxLowers}`);
  return lowers;
}

/** The `lower` file. None for a base layer. */
export function readLowers(store: Store, id: string): string[] {
  try {
    const text = readFileSync(join(store.layout.layerDir(id), layerFiles.lower), 'utf8');
    return text === '' ? [] : text.split(':');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw wrap(error, `read layer ${id}`);
  }
}

/**
 * The layer's short name; its symlink is made again where it is missing. A file that a power cut left empty gets a new
 * name (those of image layers are synced before they are published, those of containers are not).
 * @throws STORE_CORRUPT where there is no such layer
 */
export function linkOf(store: Store, id: string): string {
  const folder = store.layout.layerDir(id);
  let link: string;
  try {
    link = readFileSync(join(folder, layerFiles.link), 'utf8').trim();
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw wrap(error, `read layer ${id}`);
    link = '';
  }
  if (!linkPattern.test(link)) {
    if (lstatSync(join(folder, layerFiles.diff), { throwIfNoEntry: false }) === undefined) throw new SkiffError('STORE_CORRUPT', `layer folder "${folder}" is missing`, { hint: repairHint });
    return makeLink(store, id);
  }
  if (lstatSync(join(store.layout.links, link), { throwIfNoEntry: false }) === undefined) makeShortName(store, id, link);
  return link;
}

/** What the layer's `link` file says, as it is; undefined where it says nothing of sense. Changes nothing. */
export function readLinkName(store: Store, id: string): string | undefined {
  try {
    const link = readFileSync(join(store.layout.layerDir(id), layerFiles.link), 'utf8').trim();
    return linkPattern.test(link) ? link : undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw wrap(error, `read layer ${id}`);
  }
}

/** What a layer on top of `below` has as its lowers, by what the files say; undefined where they don't. Changes nothing. */
export function expectedLowers(store: Store, below: string | undefined): string[] | undefined {
  const link = below === undefined ? undefined : readLinkName(store, below);
  return below === undefined || link === undefined ? undefined : [`l/${link}`, ...readLowers(store, below)];
}

/** Makes the symlinks in l/ again from the `link` files, and removes those that lead nowhere. For `l/` lost or copied without links. */
export function rebuildLinks(store: Store): void {
  makeFolders(store.layout.links, 0o700);
  for (const id of listLayerDirs(store)) linkOf(store, id);
  for (const name of readdirSync(store.layout.links)) {
    const path = join(store.layout.links, name);
    if (lstatSync(join(store.layout.links, readlinkSync(path)), { throwIfNoEntry: false }) === undefined) rmSync(path);
  }
}

/** Names under overlay2/ that are layers: image layers, containers and their init layers. */
export function listLayerDirs(store: Store): string[] {
  try {
    return readdirSync(store.layout.overlay).filter((name) => /^[0-9a-f]{64}(?:-init)?$/.test(name));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw wrap(error, 'read store');
  }
}

/** What to remove for a layer, in order: absolute paths. The short name goes first, so that nothing points at the half-removed. */
export function layerPaths(store: Store, id: string): string[] {
  const folder = store.layout.layerDir(id);
  let link = '';
  try {
    link = readFileSync(join(folder, layerFiles.link), 'utf8').trim();
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw wrap(error, `read layer ${id}`);
  }
  return linkPattern.test(link) ? [join(store.layout.links, link), folder] : [folder];
}

/** Removes a layer's folder and short name. Idempotent. Inside the user namespace. */
export function removeLayerDir(store: Store, id: string): void {
  for (const path of layerPaths(store, id)) removeTree(path);
}

/** The id that a name in l/ leads to; undefined where it is none of ours. */
export function idOfLink(store: Store, lower: string): string | undefined {
  try {
    const target = readlinkSync(join(store.layout.overlay, lower));
    return basename(dirname(target));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EINVAL')) return undefined;
    throw wrap(error, 'read store');
  }
}

function makeLink(store: Store, id: string): string {
  const link = Array.from(randomBytes(linkLength), (byte) => linkAlphabet[byte & 31]).join('');
  // In this order: of a file without its symlink something tells, of a symlink without its file nothing would.
  writeFileSync(join(store.layout.layerDir(id), layerFiles.link), link, { mode: 0o644 });
  makeShortName(store, id, link);
  return link;
}

function makeShortName(store: Store, id: string, link: string): void {
  try {
    symlinkSync(linkTarget(id), join(store.layout.links, link));
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    throw new SkiffError('STORE_CORRUPT', `"${store.layout.links}" is missing`, { hint: repairHint });
  }
}

/** What to do about a mount that failed, where it is for a layer that can't be reached by its short name. */
export function mountHint(overlayDir: string, lowers: readonly string[]): { hint?: string } {
  return lowers.every((lower) => existsSync(join(overlayDir, lower))) ? {} : { hint: repairHint };
}

function linkTarget(id: string): string {
  return join('..', id, layerFiles.diff);
}
