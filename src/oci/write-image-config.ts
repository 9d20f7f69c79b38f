/** Writing image configs: what import, commit and build make. Keys stand in the order that Go tools write them. */
import type { HistoryEntry, ImageConfig, RunConfig } from './image-config.ts';

/** The bytes whose digest becomes the imageID. Deterministic: equal configs give equal bytes. */
export function serializeImageConfig(image: ImageConfig): Buffer {
  return Buffer.from(JSON.stringify({
    created: image.created, author: image.author, architecture: image.architecture, variant: image.variant, os: image.os, 'os.version': image.osVersion,
    comment: image.comment, docker_version: image.docker_version,
    config: plainRunConfig(image.config),
    rootfs: { type: 'layers', diff_ids: image.rootfs.diff_ids },
    history: image.history.map(plainHistory),
  }));
}

/** The run config as JSON keys in a fixed order; empty fields are left out. Maps are sorted, as Go does. */
export function plainRunConfig(config: RunConfig): Record<string, unknown> {
  return {
    User: config.User, ExposedPorts: sorted(config.ExposedPorts), Env: filled(config.Env), Entrypoint: filled(config.Entrypoint), Cmd: filled(config.Cmd),
    Healthcheck: config.Healthcheck, Volumes: sorted(config.Volumes), WorkingDir: config.WorkingDir, OnBuild: filled(config.OnBuild),
    Labels: sorted(config.Labels), StopSignal: config.StopSignal, StopTimeout: config.StopTimeout, Shell: filled(config.Shell),
  };
}

function plainHistory(entry: HistoryEntry): HistoryEntry {
  const { created, created_by, author, comment, empty_layer } = entry;
  return {
    ...(created !== undefined && { created }), ...(created_by !== undefined && { created_by }), ...(author !== undefined && { author }),
    ...(comment !== undefined && { comment }), ...(empty_layer === true && { empty_layer }),
  };
}

function filled(list: readonly string[] | undefined): readonly string[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

function sorted<T>(map: Readonly<Record<string, T>> | undefined): Record<string, T> | undefined {
  const entries = Object.entries(map ?? {});
  if (entries.length === 0) return undefined;
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
