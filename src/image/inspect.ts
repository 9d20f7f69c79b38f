/** The view of an image that `image inspect` and `inspect` print: Podman's keys, in Podman's order. */
import { GoTime, zeroTime } from '../lib/go-time.ts';
import { goMap, nilList, nilMap, omitEmpty } from '../lib/template.ts';
import { join } from '../lib/paths.ts';
import type { Digest, ImageID } from '../oci/ids.ts';
import { chainIDs, hexOf } from '../oci/ids.ts';
import type { ImageConfig, RunConfig } from '../oci/image-config.ts';
import type { Manifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import type { NamedReference } from '../oci/reference.ts';
import { canonicalString } from '../oci/reference.ts';
import { plainRunConfig } from '../oci/write-image-config.ts';
import type { Store } from '../storage/index.ts';
import { cacheIDs } from '../storage/layerdb.ts';
import { layerFiles } from '../storage/layout.ts';
import type { ResolvedImage } from './index.ts';
import { readRecord } from './manifest-record.ts';
import { newestManifest } from './manifests.ts';
import { digestToShow, meantManifest, repoDigests } from './name-digests.ts';
import { formerNames, imageSize, knownParent, namesByImage, namesHistory } from './summary.ts';

/** What is known of an image by its config and its manifest, wherever they are. */
export interface ImageDocuments {
  readonly id: ImageID;
  readonly config: ImageConfig;
  readonly names: readonly NamedReference[];
  /** Of the manifest, or of the index that led to it. */
  readonly digest: Digest | undefined;
  /** REPOSITORY@DIGEST. */
  readonly repoDigests: readonly string[];
  /** In full; of an image of the store. */
  readonly formerNames?: readonly string[] | undefined;
  readonly manifest: Manifest | undefined;
  /** Of its layers. */
  readonly sizeBytes: number;
}

/** Plain JSON; field names are what `--format` templates use. @throws STORE_CORRUPT */
export function inspectImage(store: Store, image: ResolvedImage): Record<string, unknown> {
  const { id, config } = image;
  const names = namesByImage(store).get(id) ?? [];
  const record = readRecord(store, id);
  const manifest = (meantManifest(store, id, image.name) ?? newestManifest(store, id))?.value;
  return describeImage(
    { id, config, names, digest: digestToShow(record, image.name), repoDigests: repoDigests(record, names), manifest, formerNames: formerNames(store).get(id), sizeBytes: imageSize(store, config) },
    { parent: knownParent(store, id), graph: graphData(store, image) ?? nilMap() },
  );
}

/** `graph`: where its layers lie; undefined where they don't. */
export function describeImage(image: ImageDocuments, { parent, graph }: { parent: ImageID | undefined; graph: object | undefined }): Record<string, unknown> {
  const { config, names, manifest } = image;
  const newest = config.history.at(-1);
  return omitEmpty({ HealthCheck: null }, {
    Id: hexOf(image.id),
    Digest: image.digest ?? '',
    RepoTags: names.filter(({ tag }) => tag !== undefined).map(canonicalString),
    RepoDigests: image.repoDigests,
    Parent: parent === undefined ? '' : hexOf(parent),
    Comment: newest?.comment ?? config.comment ?? '',
    Created: new GoTime(config.created ?? zeroTime),
    Config: configView(config.config),
    Version: config.docker_version ?? '',
    Author: config.author ?? '',
    Architecture: config.architecture,
    Os: config.os,
    ...(config.variant !== undefined && { Variant: config.variant }),
    Size: image.sizeBytes,
    VirtualSize: image.sizeBytes,
    ...(graph !== undefined && { GraphDriver: { Name: 'overlay', Data: graph } }),
    RootFS: { Type: 'layers', Layers: config.rootfs.diff_ids },
    Labels: config.config.Labels === undefined ? nilMap() : goMap({ ...config.config.Labels }),
    Annotations: goMap({ ...manifest?.annotations }),
    ManifestType: manifest?.mediaType ?? mediaTypes.ociManifest,
    User: config.config.User ?? '',
    History: config.history,
    NamesHistory: namesHistory(names, image.formerNames ?? []),
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
