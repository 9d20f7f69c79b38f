/**
 * What there is of a container, in the order in which it goes: the record's folder first (its rename is the moment at which
 * the container is gone), then its name, its layers, its anonymous volumes if asked. Its runtime folder, which holds the locks,
 * comes last and is not in the list. The monitor of a `--rm` container gets the same list (runtime/index.ts, --remove).
 */
import { closeSync, constants, fstatSync, openSync, readSync, renameSync } from 'node:fs';
import { unlinkIfThere } from '../host/if-there.ts';
import { isErrno, wrap } from '../lib/errors.ts';
import { log } from '../lib/log.ts';
import { removeTree } from '../host/remove-tree.ts';
import { containerRemovalPlan } from '../storage/container-layers.ts';
import { changeStore } from '../storage/store-lock.ts';
import type { Context } from './index.ts';
import { removeRunDir } from './life.ts';
import type { ContainerRecord } from './model.ts';
import { nameLink } from './name-links.ts';
import { nameOf } from './record.ts';
import { anonymousVolumes } from './volumes.ts';

/** Absolute paths, all of them in skiff's own folders: what they lead to is removed whole. The name link is only right while nobody else can take the name: under the run lock (name-links.ts). */
export function removalPlan(context: Context, record: ContainerRecord, options: { volumes: boolean }): string[] {
  return [
    context.store.layout.container(record.ID),
    nameLink(context, nameOf(record)),
    ...containerRemovalPlan(context.store, record.ID),
    ...(options.volumes ? anonymousVolumes(context, record.Skiff.mounts) : []),
  ];
}

/** Takes the container away, its runtime folder too. Idempotent: what is gone already is passed over. The caller is its life. */
export function performRemoval(context: Context, record: ContainerRecord, options: { volumes: boolean }): void {
  const [first, ...rest] = removalPlan(context, record, options);
  if (first === undefined) return;
  changeStore(context.store, () => {
    try {
      renameSync(first, `${first}.removing`);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw wrap(error, 'remove container');
    }
    for (const path of [`${first}.removing`, ...rest]) removeTree(path);
  });
  removeIDFile(record);
  removeRunDir(context, record.ID);
}

/**
 * What --cidfile has written, as Podman has it since 5.0: a unit's next start would be refused for it. Not one that is another
 * container's by now. The monitor's --id-file does the same. It is the user's folder: what can't be removed there stays.
 */
function removeIDFile({ ID, Skiff: { cidfile } }: ContainerRecord): void {
  if (cidfile === undefined) return;
  try {
    if (holds(cidfile, ID)) unlinkIfThere(cidfile);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO')) return; // nothing of ours
    log.warn(`remove the container id file: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Whatever lies there by now: no link is followed, no pipe waited for. */
function holds(path: string, text: string): boolean {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    if (!fstatSync(fd).isFile()) return false;
    const bytes = Buffer.alloc(text.length + 1);
    return bytes.toString('latin1', 0, readSync(fd, bytes, 0, bytes.length, 0)) === text;
  } finally {
    closeSync(fd);
  }
}
