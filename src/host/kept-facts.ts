/**
 * What a listing needs to know of each image or container, kept from one command to the next, so that it need not read and parse
 * hundreds of files. Each fact was made from one file and counts only while that is still the same file: inode, time of change and
 * length. A file that is replaced by rename, as all of the store's are, is always another one.
 *
 * Kept in the runtime folder and not in the store: reading never changes a store, and at worst one listing a boot is slower.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../lib/errors.ts';
import { log } from '../lib/log.ts';
import { writeFileAtomic } from './atomic-write.ts';

export interface KeptFacts<K extends string, T> {
  /** The file in which they are kept: keptFactsPath(). */
  readonly path: string;
  /** Key -> the file that its fact is made from, for all that are asked for. */
  readonly files: ReadonlyMap<K, string>;
  /** Whether a value has the form that `read` gives it. */
  readonly isFact: (value: unknown) => value is T;
  /**
   * Makes a fact; called only for those that nothing is known of. `lasting`: false for what may be different next time. undefined: to be
   * left out.
   */
  readonly read: (key: K) => { readonly fact: T; readonly lasting: boolean } | undefined;
}

/** Inode, time of change in ms, length; then the fact. */
type Row = readonly [number, number, number, unknown];

/** Facts of those whose file is there and that `read` can read, in the order of `files`. A listing that can't be kept is one all the same. */
export function keptFacts<K extends string, T>({ path, files, isFact, read }: KeptFacts<K, T>): Map<K, T> {
  const known = readDocument(path);
  const rows: Record<string, Row> = {};
  const found = new Map<K, T>();
  let changed = false;
  for (const [key, file] of files) {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    const row = known[key];
    if (isRow(row) && row[0] === stat.ino && row[1] === stat.ctimeMs && row[2] === stat.size && isFact(row[3])) {
      rows[key] = row;
      found.set(key, row[3]);
      continue;
    }
    const fresh = read(key);
    if (fresh === undefined) continue;
    found.set(key, fresh.fact);
    if (!fresh.lasting) continue;
    rows[key] = [stat.ino, stat.ctimeMs, stat.size, fresh.fact];
    changed = true;
  }
  // Those whose file is gone go when something new is written.
  if (changed) writeRows(path, rows);
  return found;
}

/** A file for each folder: one user may have several stores. Named by inode, since a digest would cost the loading of node:crypto. */
export function keptFactsPath(runtimeDir: string, name: string, folder: string): string {
  const stat = statSync(folder, { throwIfNoEntry: false });
  return join(runtimeDir, `${name}-${stat?.dev ?? 0}-${stat?.ino ?? 0}.json`);
}

/** Rows by key, unchecked. Whatever is not as we write it counts as nothing known. */
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
  return Array.isArray(value) && value.length === 4;
}

function writeRows(path: string, rows: Readonly<Record<string, Row>>): void {
  try {
    writeFileAtomic(path, JSON.stringify(rows), { mode: 0o600, sync: false });
  } catch (error) {
    log.debug(`keep facts for listings: ${error instanceof Error ? error.message : String(error)}`);
  }
}
