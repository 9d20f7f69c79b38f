/**
 * The names on disk below the store's root: the contract with Docker's overlay2 driver and with ourselves. Nothing else
 * in the product spells these names. Layout proved against dockerd by test/integration/docker-layout.test.ts.
 *
 * Who writes, who reads, under which lock (all locks are flock(2), see host/locks.ts for their order):
 *   skiff/lock                 SHARED by every command while it adds or takes away anything below; EXCLUSIVE (never waited
 *                              for: LOCK_NB) by the sweeper of garbage. Held for the change, never across a download or a run.
 *   skiff/images.lock          EXCLUSIVE while an image appears or goes, with its names: so a name never points at nothing, and
 *                              an image that is being named or used is not removed. SHARED by who starts to use one.
 *   skiff/refs.lock            EXCLUSIVE around read-change-rename of repositories.json; readers take no lock (rename is atomic).
 *   layerdb/tmp/<chainID>.lock EXCLUSIVE by who unpacks or deletes that layer (the second one waits, then finds it there),
 *                              shared by who makes a container on it (chain-lock.ts).
 *   layerdb/tmp/skiff-<cache-id>.lock, lease-<random>   EXCLUSIVE from the first step of an unpack or a load to the last, downloads
 *                              included: while held, what they name is no garbage (stage.ts, lease.ts).
 *   skiff/blobs/<digest>       a layer as a registry has it, downloaded but not yet unpacked, or left by a pull that failed; written by
 *                              its downloader under <digest>.partial EXCLUSIVE, removed under <digest>.use EXCLUSIVE (blob-area.ts).
 *                              Its bytes are unchecked: who unpacks them does that.
 *   skiff/names/<name>         a symlink to the container id; made with symlink(2), so EEXIST is "name in use". Dangling
 *                              ones (a cut create or rm) may be replaced by anyone.
 * Also in layerdb/tmp/: skiff-<cache-id>/ (becomes the layer by one rename), removing-<image> and removed-<chain>-* (removals under
 * way). What else tells of a cut, so that sweeping costs nothing where there was none: cut-signs.ts.
 *
 * A layer exists when layerdb/sha256/<chainID> exists (published by one rename, after its cache dir was synced).
 * A container exists when containers/<id>/config.v2.json exists. An image exists when imagedb/content/sha256/<id> exists.
 * Everything that none of these reaches is garbage, and the next writer that gets the exclusive lock sweeps it.
 */
import { join } from '../lib/paths.ts';
import type { CacheID, ChainID, ContainerID, Digest, DiffID, ImageID } from '../oci/ids.ts';
import { hexOf } from '../oci/ids.ts';

/** All paths of one store. Pure: makes names, touches nothing. */
export interface StoreLayout {
  readonly root: string;
  readonly overlay: string; // overlay2/
  readonly links: string; // overlay2/l/
  readonly image: string; // image/overlay2/
  readonly repositories: string; // image/overlay2/repositories.json
  readonly repositoriesSpare: string; // skiff/repositories.spare: room for a repositories.json with fewer names (spare-file.ts)
  readonly layerdbTmp: string; // image/overlay2/layerdb/tmp/
  readonly containers: string; // containers/
  readonly volumes: string; // volumes/
  readonly own: string; // skiff/: what Docker has no place for; Docker ignores it
  readonly lock: string; // skiff/lock
  readonly imagesLock: string; // skiff/images.lock
  readonly refsLock: string; // skiff/refs.lock
  readonly names: string; // skiff/names/
  readonly blobs: string; // skiff/blobs/: downloads under way and waiting to be unpacked
  readonly manifests: string; // skiff/manifests/sha256/<hex>: manifests and indexes as pulled, raw
  blob(digest: Digest): string; // skiff/blobs/<algorithm>-<hex>; with .partial while it is downloaded, .use for its lock
  readonly formerNames: string; // skiff/former-names.json: names that images had (former-names.ts)
  readonly lists: string; // skiff/lists/<id>.json: manifest lists that are being put together (image/lists)
  manifestsOf(id: ImageID): string; // skiff/manifests/of/<hex>: what is known of an image's manifests (image/manifest-record.ts)
  /** overlay2/<cache-id or mount-id> */
  layerDir(id: string): string;
  imageConfig(id: ImageID): string; // imagedb/content/sha256/<hex>
  imageMetadata(id: ImageID, key: 'parent' | 'lastUpdated'): string; // imagedb/metadata/sha256/<hex>/<key>
  layer(id: ChainID): string; // layerdb/sha256/<hex>/
  mount(id: ContainerID): string; // layerdb/mounts/<id>/
  container(id: ContainerID): string; // containers/<id>/
  diffIDByDigest(digest: Digest): string; // distribution/diffid-by-digest/sha256/<hex>
  metadataByDiffID(id: DiffID): string; // distribution/v2metadata-by-diffid/sha256/<hex>
}

export function storeLayout(root: string): StoreLayout {
  const overlay = join(root, 'overlay2');
  const image = join(root, 'image', 'overlay2');
  const own = join(root, 'skiff');
  const containers = join(root, 'containers');
  // The folders are normalised, and ids and digests are names: join() would look through the whole again, for each of hundreds.
  return {
    root, overlay, image, own,
    links: join(overlay, 'l'),
    repositories: join(image, 'repositories.json'),
    repositoriesSpare: join(own, 'repositories.spare'),
    layerdbTmp: join(image, 'layerdb', 'tmp'),
    containers,
    volumes: join(root, 'volumes'),
    lock: join(own, 'lock'),
    imagesLock: join(own, 'images.lock'),
    refsLock: join(own, 'refs.lock'),
    names: join(own, 'names'),
    blobs: join(own, 'blobs'),
    blob: (digest) => join(own, 'blobs', digest.replace(':', '-')),
    manifests: join(own, 'manifests', 'sha256'),
    formerNames: join(own, 'former-names.json'),
    lists: join(own, 'lists'),
    manifestsOf: (id) => `${own}/manifests/of/${hexOf(id)}`,
    layerDir: (id) => `${overlay}/${id}`,
    imageConfig: (id) => `${image}/imagedb/content/sha256/${hexOf(id)}`,
    imageMetadata: (id, key) => `${image}/imagedb/metadata/sha256/${hexOf(id)}/${key}`,
    layer: (id) => `${image}/layerdb/sha256/${hexOf(id)}`,
    mount: (id) => `${image}/layerdb/mounts/${id}`,
    container: (id) => `${containers}/${id}`,
    diffIDByDigest: (digest) => join(image, 'distribution', 'diffid-by-digest', 'sha256', hexOf(digest)),
    metadataByDiffID: (id) => join(image, 'distribution', 'v2metadata-by-diffid', 'sha256', hexOf(id)),
  };
}

/** Files inside a layer's folder, overlay2/<id>/. */
export const layerFiles = { diff: 'diff', link: 'link', lower: 'lower', work: 'work', merged: 'merged', committed: 'committed' } as const;
/** Files inside layerdb/sha256/<chainID>/. */
export const layerdbFiles = { diff: 'diff', cacheID: 'cache-id', parent: 'parent', size: 'size', tarSplit: 'tar-split.json.gz' } as const;
/** Files inside layerdb/mounts/<container>/. */
export const mountFiles = { mountID: 'mount-id', initID: 'init-id', parent: 'parent' } as const;

/** Of errors about damage to what is listed here, wherever it is met first. */
export const repairHint = 'skiff system check --repair';

/** A folder under overlay2/ of a finished layer. */
export type LayerDirID = CacheID;
