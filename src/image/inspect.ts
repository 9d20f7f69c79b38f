/** The view of an image that `image inspect` and `inspect` print: Podman's keys, in Podman's order. */
import { join } from 'node:path';
import { GoTime, zeroTime } from '../lib/go-time.ts';
import { goMap, nilList, nilMap, omitEmpty } from '../lib/template.ts';
import { chainIDs, hexOf } from '../oci/ids.ts';
import type { RunConfig } from '../oci/image-config.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { canonicalString } from '../oci/reference.ts';
import { plainRunConfig } from '../oci/write-image-config.ts';
import type { Store } from '../storage/index.ts';
import { cacheIDs } from '../storage/layerdb.ts';
import { layerFiles } from '../storage/layout.ts';
import type { ResolvedImage } from './index.ts';
import { readRecord } from './manifest-record.ts';
import { newestManifest } from './manifests.ts';
import { digestToShow, meantManifest, repoDigests } from './name-digests.ts';
import { imageSize, knownParent, namesByImage } from './summary.ts';

/** Plain JSON; field names are what `--format` templates use. @throws STORE_CORRUPT */
export function inspectImage(store: Store, image: ResolvedImage): Record<string, unknown> {
  const { id, config } = image;
  const names = namesByImage(store).get(id) ?? [];
  const record = readRecord(store, id);
  const manifest = meantManifest(store, id, image.name) ?? newestManifest(store, id);
  const parent = knownParent(store, id);
  const newest = config.history.at(-1);
  const sizeBytes = imageSize(store, config);
  const tags = names.filter(({ tag }) => tag !== undefined).map(canonicalString);
  return omitEmpty({ HealthCheck: null }, {
    Id: hexOf(id),
    Digest: digestToShow(record, image.name) ?? '',
    RepoTags: tags,
    RepoDigests: repoDigests(record, names),
    Parent: parent === undefined ? '' : hexOf(parent),
    Comment: newest?.comment ?? config.comment ?? '',
    Created: new GoTime(config.created ?? zeroTime),
    Config: configView(config.config),
    Version: config.docker_version ?? '',
    Author: config.author ?? '',
    Architecture: config.architecture,
    Os: config.os,
    ...(config.variant !== undefined && { Variant: config.variant }),
    Size: sizeBytes,
    VirtualSize: sizeBytes,
    GraphDriver: { Name: 'overlay', Data: graphData(store, image) ?? nilMap() },
    RootFS: { Type: 'layers', Layers: config.rootfs.diff_ids },
    Labels: config.config.Labels === undefined ? nilMap() : goMap({ ...config.config.Labels }),
    Annotations: goMap({ ...manifest?.value.annotations }),
    ManifestType: manifest?.value.mediaType ?? mediaTypes.ociManifest,
    User: config.config.User ?? '',
    History: config.history,
    NamesHistory: names.map(canonicalString),
    ...(config.config.Healthcheck !== undefined && { HealthCheck: config.config.Healthcheck }),
  });
}

/** Only what the image has; templates see the rest empty. */
function configView(config: RunConfig): object {
  const plain = JSON.parse(JSON.stringify(plainRunConfig(config))) as Record<string, unknown>;
  if (config.Labels !== undefined && plain['Labels'] !== undefined) plain['Labels'] = goMap({ ...config.Labels });
  return omitEmpty({
    User: '', ExposedPorts: nilMap(), Env: nilList(), Entrypoint: nilList(), Cmd: nilList(), Volumes: nilMap(), WorkingDir: '', OnBuild: nilList(), Labels: nilMap(), StopSignal: '',
    Healthcheck: null,
  }, plain);
}

/** Where the layers lie, as overlay is given them: LowerDir topmost first. */
function graphData(store: Store, { config }: ResolvedImage): Record<string, string> | null {
  const top = chainIDs(config.rootfs.diff_ids).at(-1);
  if (top === undefined) return null;
  const [upper, ...lowers] = cacheIDs(store, top).map((cacheID) => store.layout.layerDir(cacheID));
  if (upper === undefined) return null;
  return goMap({
    ...(lowers.length > 0 && { LowerDir: lowers.map((dir) => join(dir, layerFiles.diff)).join(':') }),
    UpperDir: join(upper, layerFiles.diff),
    ...(lowers.length > 0 && { WorkDir: join(upper, layerFiles.work) }),
  });
}
