/**
 * `system check --repair`: mends what the store itself tells (short names, lower files, sizes), fetches what a
 * registry has (one layer, one config), sweeps what killed commands left. Nothing else is touched: an image that can't be mended
 * stays as it is until removeLost.
 */
import { renameSync } from 'node:fs';
import { writeFileAtomic } from '../../host/atomic-write.ts';
import { SkiffError, isCode } from '../../lib/errors.ts';
import { log } from '../../lib/log.ts';
import { digestOf, parseChainID, parseDigest, parseImageID } from '../../oci/ids.ts';
import type { ChainID, DiffID, Digest, ImageID } from '../../oci/ids.ts';
import { chainIDs } from '../../oci/ids.ts';
import { maxConfigBytes } from '../../oci/image-config.ts';
import { canonicalName, normalize, parseReference } from '../../oci/reference.ts';
import type { RegistryClient, Repository } from '../../registry/index.ts';
import type { Problem } from '../../storage/check.ts';
import { layerSources } from '../../storage/distribution.ts';
import { deleteLayers, sweep } from '../../storage/gc.ts';
import { deleteImage, hasImage } from '../../storage/imagedb.ts';
import type { Store } from '../../storage/index.ts';
import { readPlace, readParent } from '../../storage/layerdb.ts';
import { mendSize } from '../../storage/mend-size.ts';
import { repairLinks } from '../../storage/repair-links.ts';
import { buryLayer, replaceLayer } from '../../storage/replace-layer.ts';
import { untagAll } from '../../storage/repositories.ts';
import { changeImages } from '../lock.ts';
import { forgetManifests, newestManifest } from '../manifests.ts';
import { namesByImage } from '../summary.ts';
import type { Damage, Found } from './find.ts';
import { imageChains, readableImages } from './find.ts';
import { allFailed } from './verdict.ts';

export interface RepairServices {
  /** Opened at the first question. */
  readonly client: () => Promise<RegistryClient>;
  /** Topmost layers of what runs or is mounted now: these and what is below them must not change. */
  readonly mountedTops: () => readonly ChainID[];
  /** Told of each thing that was mended or could not be: what, its id as Problem has it, and in the second case why not. */
  readonly onStep: (step: { readonly what: string; readonly id?: string; readonly failure?: SkiffError }) => void;
}

/** One round. Returns how much was mended; what is left shows when it is looked for again. */
export async function repairOnce(store: Store, { damage, unreferenced, leftovers }: Found, services: RepairServices): Promise<number> {
  let mended = 0;
  const done = (what: string): void => {
    mended++;
    services.onStep({ what });
  };
  const attempt = async (what: string, id: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      done(what);
    } catch (error) {
      if (!(error instanceof SkiffError)) throw error;
      services.onStep({ what, id, failure: error });
    }
  };
  const of = (kind: Problem['what']): Damage[] => damage.filter(({ what }) => what === kind);
  for (const { id } of of('image')) await attempt(`config of image ${id}`, id, () => fetchConfig(store, parseImageID(id), services));
  const wanted = [...new Set(of('layer').map(({ id }) => parseChainID(id)))];
  const places = layerPlaces(store);
  for (const layer of wanted.toSorted((a, b) => (places.get(a)?.depth ?? 0) - (places.get(b)?.depth ?? 0))) {
    await attempt(`layer ${layer}`, layer, () => fetchLayer(store, layer, places.get(layer) ?? placeOf(store, layer), services));
  }
  for (const { id } of of('size')) if (!wanted.includes(parseChainID(id))) await attempt(`size of layer ${id}`, id, () => mendSize(store, parseChainID(id)));
  if (of('links').length > 0 || wanted.length > 0) repairLinks(store);
  for (const { id } of of('links')) done(`short names and lower layers of overlay2/${id}`);
  for (const layer of unreferenced) for (const gone of deleteLayers(store, layer)) done(`layer ${gone}: removed, nothing referred to it`);
  if ((leftovers?.length ?? 0) > 0 || wanted.length > 0) {
    const swept = sweep(store);
    if (swept === undefined) log.info('other commands are changing the store: leftovers stay for the next sweep');
    else for (const line of leftovers ?? []) done(line.slice(0, line.indexOf(':')));
  }
  return mended;
}

/** Puts a repositories.json that nobody can read where it is no more in the way. The images stay, without names. */
export async function setNamesAside(store: Store): Promise<string> {
  const aside = `${store.layout.repositories}.damaged`;
  await changeImages(store, () => { renameSync(store.layout.repositories, aside); });
  return aside;
}

/** Takes an image that is lost out of the store, with its names. Its containers have to be gone. */
export async function removeLost(store: Store, id: ImageID): Promise<void> {
  const top = imageChains(store).get(id)?.at(-1);
  await changeImages(store, async () => {
    await untagAll(store, (_, owner) => owner === id);
    deleteImage(store, id);
    forgetManifests(store, id);
  }, () => { if (top !== undefined) removeLostLayers(store, top); });
}

function removeLostLayers(store: Store, top: ChainID): void {
  try {
    deleteLayers(store, top);
  } catch (error) {
    if (!isCode(error, 'STORE_CORRUPT')) throw error;
    const kept = new Set([...imageChains(store).values()].flat());
    for (let at: ChainID | undefined = top; at !== undefined && !kept.has(at);) {
      const parent: ChainID | undefined = parentOf(store, at);
      buryLayer(store, at);
      at = parent;
    }
  }
}

/** Where a layer stands: what it has to become and on what. */
interface Place { readonly diffID: DiffID; readonly parent: ChainID | undefined; readonly depth: number; readonly images: readonly ImageID[] }

function layerPlaces(store: Store): Map<ChainID, Place> {
  const places = new Map<ChainID, Place>();
  for (const { id, config } of readableImages(store)) {
    for (const [depth, layer] of chainIDs(config.rootfs.diff_ids).entries()) {
      const images = [...(places.get(layer)?.images ?? []), id];
      places.set(layer, { diffID: config.rootfs.diff_ids[depth] as DiffID, parent: chainIDs(config.rootfs.diff_ids)[depth - 1], depth, images });
    }
  }
  return places;
}

/** Of a layer that no image has, by what layerdb says. @throws NOT_FOUND, STORE_CORRUPT */
function placeOf(store: Store, layer: ChainID): Place {
  const { diffID, parent } = readPlace(store, layer);
  return { diffID, parent, depth: 0, images: [] };
}

interface Source { readonly repository: Repository; readonly digest: Digest }

async function fetchLayer(store: Store, chainID: ChainID, { diffID, parent, images }: Place, services: RepairServices): Promise<void> {
  const sources = sourcesOf(store, diffID, images);
  if (sources.length === 0) throw new SkiffError('NOT_FOUND', 'no registry is known that has it');
  const inUse = (): boolean => services.mountedTops().some((top) => standsOn(store, top, chainID));
  const failures: { place: string; error: SkiffError }[] = [];
  for (const { repository, digest } of sources) {
    if (inUse()) throw inUseError(chainID);
    try {
      const { body, totalBytes } = await (await services.client()).fetchBlob(repository, digest);
      if (!(await replaceLayer(store, { chainID, diffID, parent, source: body, expectedDigest: digest, declaredBytes: totalBytes, inUse }))) throw inUseError(chainID);
      return;
    } catch (error) {
      if (!(error instanceof SkiffError) || error.code === 'IMAGE_IN_USE' || error.code === 'NO_SPACE') throw error;
      failures.push({ place: canonicalName(repository), error });
    }
  }
  throw allFailed(failures);
}

function inUseError(chainID: ChainID): SkiffError {
  return new SkiffError('IMAGE_IN_USE', `a container that runs has layer ${chainID} mounted: stop it first`);
}

/** Where the layer was pulled from or pushed to, then the registries of its images' names with the digests of their manifests. */
function sourcesOf(store: Store, diffID: DiffID, images: readonly ImageID[]): Source[] {
  const recorded = layerSources(store, diffID).flatMap(({ digest, repository }) => (repositoryOf(repository) ?? []).map((one) => ({ repository: one, digest })));
  const byName = images.flatMap((id) => {
    const manifest = newestManifest(store, id, 'received')?.value;
    const at = readableImages(store).find((image) => image.id === id)?.config.rootfs.diff_ids.indexOf(diffID) ?? -1;
    const digest = at < 0 ? undefined : manifest?.layers[at]?.digest;
    return digest === undefined ? [] : remoteNames(store, id).map((repository) => ({ repository, digest }));
  });
  return [...new Map([...recorded, ...byName].map((source) => [`${canonicalName(source.repository)}@${source.digest}`, source])).values()];
}

function remoteNames(store: Store, id: ImageID): Repository[] {
  return (namesByImage(store).get(id) ?? []).filter(({ domain }) => domain !== 'localhost').map(({ domain, path }) => ({ domain, path }));
}

/** As distribution.ts has it: the full name without tag; "" for an archive. */
function repositoryOf(text: string): Repository[] | undefined {
  if (text === '') return undefined;
  try {
    const { domain, path } = normalize(parseReference(text));
    return domain === 'localhost' ? undefined : [{ domain, path }];
  } catch (error) {
    // A record is a cache: one that makes no sense is none.
    if (isCode(error, 'REFERENCE_INVALID')) return undefined;
    throw error;
  }
}

async function fetchConfig(store: Store, id: ImageID, services: RepairServices): Promise<void> {
  const repositories = remoteNames(store, id);
  if (repositories.length === 0) throw new SkiffError('NOT_FOUND', 'no registry is known that has it');
  const failures: { place: string; error: SkiffError }[] = [];
  for (const repository of repositories) {
    try {
      const raw = await wholeBlob(await (await services.client()).fetchBlob(repository, parseDigest(id)));
      if ((digestOf(raw) as string) !== id) throw new SkiffError('DIGEST_MISMATCH', 'the registry sent something else');
      // Not putImage: layers that are missing are mended in the next round.
      await changeImages(store, () => { if (hasImage(store, id) || namesByImage(store).has(id)) writeFileAtomic(store.layout.imageConfig(id), raw, { mode: 0o600 }); });
      return;
    } catch (error) {
      if (!(error instanceof SkiffError)) throw error;
      failures.push({ place: canonicalName(repository), error });
    }
  }
  throw allFailed(failures);
}

async function wholeBlob({ body }: { body: AsyncIterable<Uint8Array> }): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxConfigBytes) throw new SkiffError('CONFIG_INVALID', `the config is larger than ${maxConfigBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function standsOn(store: Store, top: ChainID, layer: ChainID): boolean {
  for (const chain of imageChains(store).values()) {
    if (chain.includes(top) && chain.slice(0, chain.indexOf(top) + 1).includes(layer)) return true;
  }
  for (let at: ChainID | undefined = top; at !== undefined; at = parentOf(store, at)) if (at === layer) return true;
  return false;
}

function parentOf(store: Store, layer: ChainID): ChainID | undefined {
  try {
    return readParent(store, layer);
  } catch (error) {
    if (isCode(error, 'STORE_CORRUPT')) return undefined;
    throw error;
  }
}
