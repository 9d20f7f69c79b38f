/** A new image from a container: what it changed on top of what it was made from. */
import { commitImage } from '../image/commit.ts';
import type { ContainerID, ImageID } from '../oci/ids.ts';
import type { Manifest } from '../oci/manifest.ts';
import type { RunConfig } from '../oci/image-config.ts';
import type { NamedReference } from '../oci/reference.ts';
import { diffTar } from '../storage/export-layer.ts';
import type { Context } from './index.ts';
import { processArgs } from './merge-config.ts';
import type { ContainerRecord } from './model.ts';
import { pauseContainer, unpauseContainer } from './pause.ts';
import { readRecord } from './record.ts';
import { containerState } from './state.ts';

export interface CommitOptions {
  names: readonly NamedReference[];
  changes: readonly string[];
  author?: string | undefined;
  message?: string | undefined;
  /** Whose manifest the image gets. */
  mediaType: Manifest['mediaType'];
  /** The container's volumes become the image's. */
  includeVolumes: boolean;
  /** A running container stands still meanwhile, so that nothing is caught in the middle of a change. */
  pause: boolean;
  /** Ends it: nothing is kept, and the container goes on. */
  signal?: AbortSignal | undefined;
}

/** Works whatever the container does; without `pause` one that writes meanwhile may be caught in the middle of a file. @throws USAGE NO_SPACE CGROUP_UNAVAILABLE (pause) … */
export async function commitContainer(context: Context, id: ContainerID, options: CommitOptions): Promise<ImageID> {
  const record = readRecord(context, id);
  const paused = options.pause && containerState(context, id).status === 'running';
  if (paused) await pauseContainer(context, id);
  try {
    return await commit(context, record, options);
  } finally {
    if (paused) await unpauseContainer(context, id);
  }
}

async function commit(context: Context, record: ContainerRecord, options: CommitOptions): Promise<ImageID> {
  const { id: image } = await commitImage(context.store, {
    image: record.Image === '' ? undefined : record.Image, top: record.Skiff.topLayer === '' ? undefined : record.Skiff.topLayer,
    config: runConfig(record, options.includeVolumes), changes: options.changes, createdBy: processArgs(record.Config).join(' '),
    author: options.author, message: options.message, mediaType: options.mediaType, squash: false, tar: diffTar(context.store, record.ID), names: options.names,
    signal: options.signal,
  });
  return image;
}

/** What containers of the new image start from: this one's own config. Its host name and mounts are its own affair. */
export function runConfig({ Config, Skiff }: ContainerRecord, includeVolumes: boolean): RunConfig {
  const places = [...Object.keys(Config.Volumes ?? {}), ...(includeVolumes ? Skiff.mounts.filter(({ kind }) => kind === 'volume').map(({ destination }) => destination) : [])];
  return {
    ...(Config.User !== '' && { User: Config.User }),
    ...(Config.ExposedPorts !== undefined && { ExposedPorts: Config.ExposedPorts }),
    Env: Config.Env,
    ...(Config.Entrypoint !== null && { Entrypoint: Config.Entrypoint }),
    ...(Config.Cmd !== null && { Cmd: Config.Cmd }),
    ...(places.length > 0 && { Volumes: Object.fromEntries(places.map((place) => [place, {}])) }),
    ...(Config.WorkingDir !== '' && { WorkingDir: Config.WorkingDir }),
    ...(Object.keys(Config.Labels).length > 0 && { Labels: Config.Labels }),
    ...(Config.StopSignal !== undefined && { StopSignal: Config.StopSignal }),
  };
}
