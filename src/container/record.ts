/**
 * Reading and writing config.v2.json and hostconfig.json. A container exists when its config.v2.json exists: it is the last
 * file that `create` writes and the first that `remove` takes away (with its folder, by rename).
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isErrno, SkiffError, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { ContainerID } from '../oci/ids.ts';
import { writeFileAtomic } from '../host/atomic-write.ts';
import { namesIfThere } from '../host/if-there.ts';
import type { Context } from './index.ts';
import type { ContainerRecord } from './model.ts';
import { containerFiles } from './names.ts';

const idPattern = /^[0-9a-f]{64}$/;

/** Ids of all folders under containers/, unsorted. Some may be half made: their record is missing. */
export function listFolders(context: Context): ContainerID[] {
  return namesIfThere(context.store.layout.containers, 'list containers').filter((name) => idPattern.test(name)) as ContainerID[];
}

/** True where the container's record is published. */
export function containerExists(context: Context, id: ContainerID): boolean {
  return existsSync(join(context.store.layout.container(id), containerFiles.config));
}

/**
 * The container's record, or undefined where there is none: unknown, half made, or made by Docker (no key of ours).
 * A record that a power cut tore (only records of `--rm` containers are written without fsync) counts as none.
 * @throws STORE_CORRUPT for a record of a newer format
 */
export function tryReadRecord(context: Context, id: ContainerID): ContainerRecord | undefined {
  let text: string;
  try {
    text = readFileSync(`${context.store.layout.container(id)}/${containerFiles.config}`, 'utf8'); // there, but for rare cases: not looked for first
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw wrap(error, `read container "${id}"`);
  }
  return parseRecord(text, id);
}

/** @throws CONTAINER_UNKNOWN */
export function readRecord(context: Context, id: ContainerID): ContainerRecord {
  const record = tryReadRecord(context, id);
  if (record === undefined) throw new SkiffError('CONTAINER_UNKNOWN', `no container with name or ID "${id}" found: no such container`);
  return record;
}

/** Pure. @throws STORE_CORRUPT */
export function parseRecord(text: string, id: ContainerID): ContainerRecord | undefined {
  let value: Partial<ContainerRecord> | null;
  try {
    value = JSON.parse(text) as Partial<ContainerRecord> | null;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof value !== 'object' || value === null || value.ID !== id || typeof value.Skiff !== 'object' || typeof value.Config !== 'object') return undefined;
  if (value.Skiff.version !== 1) {
    throw new SkiffError('STORE_CORRUPT', `container "${id}" has a record of format ${String(value.Skiff.version)}, this skiff reads 1`, { hint: 'use a newer skiff' });
  }
  return value as ContainerRecord;
}

/**
 * Publishes the record by rename. `sync` false spares two fsyncs: right only where a power cut may take the container too.
 */
export function writeRecord(context: Context, record: ContainerRecord, options: { sync: boolean }): void {
  const path = join(context.store.layout.container(record.ID), containerFiles.config);
  const text = JSON.stringify(record);
  if (options.sync) {
    writeFileAtomic(path, text, { mode: 0o600 });
  } else {
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
}

/** The name without Docker's leading slash. */
export function nameOf(record: Pick<ContainerRecord, 'Name'>): string {
  return record.Name.replace(/^\//, '');
}

/** What tables show for an id. */
export function shortID(id: string): string {
  return id.slice(0, 12);
}
