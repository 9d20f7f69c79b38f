/**
 * Making a container: validate everything, then change anything, undo in reverse where it fails half-way. What a kill or a
 * power cut leaves half made has no record and is garbage for the sweep.
 */
import { closeSync, mkdirSync, openSync, unlinkSync, writeFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { CleanupStack } from '../lib/cleanup.ts';
import { isErrno, SkiffError, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { ImageConfig } from '../oci/image-config.ts';
import type { ImageID } from '../oci/ids.ts';
import { writeFileAtomic } from '../host/atomic-write.ts';
import { config } from '../host/config/index.ts';
import type { Lock } from '../host/locks.ts';
import { removeTree } from '../host/remove-tree.ts';
import { nowRfc3339Nano } from '../host/time.ts';
import { withUserUmask } from '../host/umask.ts';
import { assignHostPorts, readListeners } from '../network/listening.ts';
import { idAhead, takeAhead } from '../storage/ahead.ts';
import { createContainerLayer, removeContainerLayer } from '../storage/container-layers.ts';
import { lockStore } from '../storage/store-lock.ts';
import type { CreateRequest } from './create-request.ts';
import { newContainerID, newVolumeName } from './fresh-ids.ts';
import { dockerHostConfig } from './host-config.ts';
import type { Context } from './index.ts';
import { claimNewLife, removeRunDir } from './life.ts';
import { findContainer } from './lookup.ts';
import type { ContainerRecord } from './model.ts';
import { checkName, claimName, claimRandomName, releaseName } from './name-links.ts';
import { containerFiles } from './names.ts';
import { planContainer } from './plan.ts';
import { readRecord, writeRecord } from './record.ts';
import { runtimeOf } from './runtime-of.ts';
import { checkVolumeName, ensureVolume } from './volumes.ts';

export interface CreateInput {
  request: CreateRequest;
  /** `hold`: images.lock, SHARED since the image was found (after sweepRuns), so that nobody removes it: given back here, whatever comes. */
  image: { id: ImageID; name: string | undefined; config: ImageConfig; hold: Lock };
  /** Refuses what this host can't do; called with the planned record before anything is changed. */
  check: (record: ContainerRecord) => void;
}

/** A new container and the lock that makes it ours: to be started with, or released. */
export interface CreatedContainer { record: ContainerRecord; life: Lock }

/** For a container that is not started now: its runtime folder goes, for such a folder means that it runs. */
export function leaveCreated(context: Context, { record, life }: CreatedContainer): void {
  removeRunDir(context, record.ID);
  life.release();
}

/** @throws HELPER_MISSING (the runtime) USAGE NAME_INVALID NAME_IN_USE NOT_FOUND UNSUPPORTED NO_SPACE … */
export async function createContainer(context: Context, input: CreateInput): Promise<CreatedContainer> {
  try {
    return await create(context, input);
  } finally {
    input.image.hold.release();
  }
}

async function create(context: Context, input: CreateInput): Promise<CreatedContainer> {
  const { request } = input;
  if (request.name !== undefined) checkName(request.name);
  const draft = plan(context, input);
  for (const mount of draft.Skiff.mounts) if (mount.kind === 'volume') checkVolumeName(mount.name);
  input.check(draft);
  runtimeOf(context, draft, 'disabled'); // that there is one, before anything is made
  const cleanup = new CleanupStack();
  try {
    const created = make(context, input, draft, cleanup);
    cleanup.disarm();
    return created;
  } catch (error) {
    await cleanup.close(error);
    throw error;
  }
}

function plan(context: Context, { request, image }: CreateInput): ContainerRecord {
  const id = idAhead(context.store) ?? newContainerID();
  const record = planContainer({
    request, image, id, newVolumeName, name: request.name ?? '', created: nowRfc3339Nano(),
    folder: context.store.layout.container(id), volumesDir: context.store.layout.volumes,
    containerID: (name) => findContainer(context, name),
    mountsOf: (name) => readRecord(context, findContainer(context, name)).Skiff.mounts,
    hostName: () => hostname(),
    defaultStopTimeoutSeconds: config().stopTimeoutSeconds ?? 10,
  });
  const { ports } = record.Skiff;
  // Without a wish of the user's the host port is chosen now, so that `port` and `inspect` can tell it before the start.
  if (ports.some(({ hostPort }) => hostPort === 0)) record.Skiff.ports = assignHostPorts(ports, readListeners(new Set(ports.map(({ protocol }) => protocol))));
  return record;
}

function make(context: Context, { request }: CreateInput, draft: ContainerRecord, cleanup: CleanupStack): CreatedContainer {
  const id = draft.ID;
  if (request.cidfile !== undefined) writeIDFile(request.cidfile, id, cleanup);
  // image.hold: until the record tells of us, nobody may remove the image and the volumes that we count on.
  const storeLock = lockStore(context.store);
  try {
    const life = claimNewLife(context, id);
    cleanup.push('release the run lock', () => life.release());
    cleanup.push('remove the runtime folder', () => removeRunDir(context, id));
    const name = request.name ?? claimRandomName(context, id);
    if (request.name !== undefined) claimName(context, name, id);
    cleanup.push('free the name', () => releaseName(context, name, id));
    cleanup.push('remove the layer', () => removeContainerLayer(context.store, id));
    createContainerLayer(context.store, id, draft.Skiff.topLayer === '' ? undefined : draft.Skiff.topLayer, { begun: takeAhead(context.store, id) });
    for (const mount of draft.Skiff.mounts) if (mount.kind === 'volume') ensureVolume(context, mount.name);
    const record = { ...draft, Name: `/${name}` };
    publish(context, record, cleanup);
    return { record, life };
  } finally {
    storeLock.release();
  }
}

/** The record is the last file: from its rename on the container exists. A `--rm` container need not outlive a power cut. */
function publish(context: Context, record: ContainerRecord, cleanup: CleanupStack): void {
  const folder = context.store.layout.container(record.ID);
  const sync = !record.Skiff.autoRemove;
  cleanup.push('remove the record', () => removeTree(folder));
  try {
    mkdirSync(folder, { mode: 0o710 });
    const hostConfig = JSON.stringify(dockerHostConfig(record));
    if (sync) writeFileAtomic(join(folder, containerFiles.hostConfig), hostConfig, { sync: false });
    else writeFileSync(join(folder, containerFiles.hostConfig), hostConfig, { mode: 0o600 });
    writeRecord(context, record, { sync });
  } catch (error) {
    throw wrap(error, 'create container');
  }
}

/** Podman refuses an existing file: another container may go by it. */
function writeIDFile(path: string, id: string, cleanup: CleanupStack): void {
  let fd: number;
  try {
    fd = withUserUmask(() => openSync(path, 'wx', 0o644));
  } catch (error) {
    if (isErrno(error, 'EEXIST')) throw new SkiffError('EXISTS', `container id file exists: make sure the other container isn't running or delete ${path}`);
    throw wrap(error, 'write the container id file');
  }
  cleanup.push('remove the id file', () => unlinkSync(path));
  try {
    writeSync(fd, id);
  } finally {
    closeSync(fd);
  }
}
