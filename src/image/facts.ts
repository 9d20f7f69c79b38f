/**
 * What a listing needs to know of each image, kept from one command to the next, so that `images` need not read, hash and parse
 * every config. All of it follows from the config's bytes and the layers below it, which never change; an entry counts only
 * while the config's file is the one that it was made from (time and length).
 *
 * Kept in the runtime folder and not in the store: reading never changes a store, and at worst one listing a boot is slower.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../host/atomic-write.ts';
import { config } from '../host/config/index.ts';
import { isErrno } from '../lib/errors.ts';
import { log } from '../lib/log.ts';
import { hexOf } from '../oci/ids.ts';
import type { ImageID } from '../oci/ids.ts';
import type { Store } from '../storage/index.ts';

export interface ImageFacts {
  /** Milliseconds since the epoch; 0 where the image does not say. */
  readonly createdMs: number;
  /** All layers together. */
  readonly sizeBytes: number;
}

/** `lasting`: false for what may be different next time (a layer is missing). undefined: the image is to be left out. */
export type ReadFacts = (id: ImageID) => { readonly facts: ImageFacts; readonly lasting: boolean } | undefined;

/** mtime of the config in ms, its length, created, size. */
type Row = readonly [number, number, number, number];

/** Facts of those images that `read` can read; it is asked only for those that nothing is known of. */
export function imageFacts(store: Store, ids: readonly ImageID[], read: ReadFacts, path: string = factsFile(store)): Map<ImageID, ImageFacts> {
  const known = readDocument(path);
  const rows = new Map<string, Row>();
  const found = new Map<ImageID, ImageFacts>();
  let changed = false;
  const folder = ids[0] === undefined ? '' : dirname(store.layout.imageConfig(ids[0]));
  for (const id of ids) {
    const stat = statSync(`${folder}/${hexOf(id)}`, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    const hex = hexOf(id);
    const row = known[hex];
    if (isRow(row) && row[0] === stat.mtimeMs && row[1] === stat.size) {
      rows.set(hex, row);
      found.set(id, { createdMs: row[2], sizeBytes: row[3] });
      continue;
    }
    const fresh = read(id);
    if (fresh === undefined) continue;
    found.set(id, fresh.facts);
    if (!fresh.lasting) continue;
    rows.set(hex, [stat.mtimeMs, stat.size, fresh.facts.createdMs, fresh.facts.sizeBytes]);
    changed = true;
  }
  // Those of images that are gone go when something new is written.
  if (changed) writeRows(path, rows);
  return found;
}

/** A file for each store: one user may have several. Named by inode, since a digest would cost the loading of node:crypto. */
function factsFile(store: Store): string {
  const stat = statSync(store.root, { throwIfNoEntry: false });
  return join(config().runtimeDir, `image-facts-${stat?.dev ?? 0}-${stat?.ino ?? 0}.json`);
}

/** Rows by the id's hex, unchecked. Whatever is not as we write it counts as nothing known. */
function readDocument(path: string): Readonly<Record<string, unknown>> {
  try {
    const document: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof document === 'object' && document !== null ? document as Record<string, unknown> : {};
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return {};
    throw error;
  }
}

function isRow(value: unknown): value is Row {
  return Array.isArray(value) && value.length === 4 && value.every((number) => typeof number === 'number' && Number.isFinite(number));
}

/** A listing that can't be remembered is a listing all the same. */
function writeRows(path: string, rows: ReadonlyMap<string, Row>): void {
  try {
    writeFileAtomic(path, JSON.stringify(Object.fromEntries(rows)), { mode: 0o600, sync: false });
  } catch (error) {
    log.debug(`keep facts of images: ${error instanceof Error ? error.message : String(error)}`);
  }
}
