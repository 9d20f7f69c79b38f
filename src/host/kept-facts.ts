/**
 * What a listing needs to know of each image or container, kept from one command to the next, so that it need not read and parse
 * hundreds of files. Each fact was made from one file and counts only while that is still the same file: inode, time of change and
 * length. A file that is replaced by rename, as all of the store's are, is always another one; of a folder only the time tells, and that only
 * where it is not of just now.
 *
 * Kept in the runtime folder and not in the store: reading never changes a store, and at worst one listing a boot is slower.
 */
import { readFileSync, statSync, type Stats } from 'node:fs';
import { isErrno } from '../lib/errors.ts';
import { log } from '../lib/log.ts';
import { join } from '../lib/paths.ts';
import { writeFileAtomic } from './atomic-write.ts';

export interface KeptFacts<K extends string, T> {
  /** The file in which they are kept: keptFactsPath(). */
  readonly path: string;
  /** Key -> the file or folder that its fact is made from, for all that are asked for. */
  readonly files: ReadonlyMap<K, string>;
  /**
   * Makes a fact; called only for those that nothing is known of. `lasting`: false for what may be different next time. undefined: to be
   * left out.
   */
  readonly read: (key: K) => { readonly fact: T; readonly lasting: boolean } | undefined;
  /** In two JSON values, the second of which is the same for many: it is kept once. */
  readonly split: (fact: T) => readonly [own: unknown, common: unknown];
  /** The fact again; undefined where these are no values that `split` gives. */
  readonly unite: (own: unknown, common: unknown, key: K) => T | undefined;
  /** A fact is kept only if its file was changed longer ago than this: for folders, whose times are as coarse as the kernel's clock. */
  readonly settledMs?: number;
}

/** Inode, time of change in ms, length; then the fact's own part, and which of the common ones. */
type Row = readonly [number, number, number, unknown, number];

interface Kept<T> { readonly stat: Stats; readonly fact: T }

interface Document { readonly rows: Readonly<Record<string, unknown>>; readonly common: readonly unknown[] }

/** Facts of those whose file is there and that `read` can read, in the order of `files`. A listing that can't be kept is one all the same. */
export function keptFacts<K extends string, T>({ path, files, read, split, unite, settledMs = 0 }: KeptFacts<K, T>): Map<K, T> {
  const known = readDocument(path);
  const kept = new Map<K, Kept<T>>();
  const found = new Map<K, T>();
  let changed = false;
  files.forEach((file, key) => {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat === undefined) return;
    const row = known.rows[key];
    const same = isRow(row) && row[0] === stat.ino && row[1] === stat.ctimeMs && row[2] === stat.size ? unite(row[3], known.common[row[4]], key) : undefined;
    const fresh = same === undefined ? read(key) : { fact: same, lasting: true };
    if (fresh === undefined) return;
    found.set(key, fresh.fact);
    if (!fresh.lasting || Math.abs(Date.now() - stat.ctimeMs) < settledMs) return;
    kept.set(key, { stat, fact: fresh.fact });
    changed ||= same === undefined;
  });
  // Those whose file is gone go when something new is written.
  if (changed) writeRows(path, kept, split);
  return found;
}

/** A file for each folder: one user may have several stores. Named by inode, since a digest would cost the loading of node:crypto. */
export function keptFactsPath(runtimeDir: string, name: string, folder: string): string {
  const stat = statSync(folder, { throwIfNoEntry: false });
  return join(runtimeDir, `${name}-${stat?.dev ?? 0}-${stat?.ino ?? 0}.json`);
}

/** Rows by key, unchecked. Whatever is not as we write it counts as nothing known. */
function readDocument(path: string): Document {
  try {
    const document = JSON.parse(readFileSync(path, 'utf8')) as Partial<Document> | null;
    if (typeof document?.rows === 'object' && document.rows !== null && Array.isArray(document.common)) return document as Document;
  } catch (error) {
    if (!(error instanceof SyntaxError) && !isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) throw error;
  }
  return { rows: {}, common: [] };
}

function isRow(value: unknown): value is Row {
  return Array.isArray(value) && value.length === 5;
}

function writeRows<T>(path: string, kept: ReadonlyMap<string, Kept<T>>, split: KeptFacts<string, T>['split']): void {
  const places = new Map<string, number>();
  const common: unknown[] = [];
  const rows: Record<string, Row> = {};
  for (const [key, { stat, fact }] of kept) {
    const [own, shared] = split(fact);
    const text = JSON.stringify(shared) ?? '';
    let place = places.get(text);
    if (place === undefined) {
      place = common.push(shared ?? null) - 1;
      places.set(text, place);
    }
    rows[key] = [stat.ino, stat.ctimeMs, stat.size, own, place];
  }
  try {
    writeFileAtomic(path, JSON.stringify({ rows, common }), { mode: 0o600, sync: false });
  } catch (error) {
    log.debug(`keep facts for listings: ${error instanceof Error ? error.message : String(error)}`);
  }
}
