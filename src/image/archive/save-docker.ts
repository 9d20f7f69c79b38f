/**
 * Writing a docker-archive as Podman writes it: layers and configs by digest, then manifest.json. For readers from before
 * manifest.json the old layout is there as well: `<v1 id>/{VERSION,json,layer.tar}` and `repositories`; layer.tar is a link.
 *
 * @see moby image/spec/v1.2.md "Combined Image JSON + Filesystem Changeset Format"; containers/image docker/internal/tarfile/writer.go
 */
import type { ChainID, DiffID } from '../../oci/ids.ts';
import { chainIDs, digestOf, hexOf } from '../../oci/ids.ts';
import type { NamedReference } from '../../oci/reference.ts';
import { canonicalName, canonicalString } from '../../oci/reference.ts';
import { plainRunConfig } from '../../oci/write-image-config.ts';
import { layerTar } from '../../storage/export-layer.ts';
import type { Store } from '../../storage/index.ts';
import type { OnImageEvent } from '../index.ts';
import { layerTarSize } from '../layer-size.ts';
import type { SaveItem } from '../save.ts';
import type { MemberWriter, Sink } from './tar-write.ts';
import { tarWriter } from './tar-write.ts';

interface ManifestItem { Config: string; RepoTags: string[]; Layers: string[] }

/** Members are written once, however many images share them. */
export async function writeDockerArchive(store: Store, sink: Sink, items: readonly SaveItem[], onEvent: OnImageEvent): Promise<void> {
  const tar = tarWriter(sink);
  const written = new Set<string>();
  const once = async (name: string, write: () => Promise<void>): Promise<void> => {
    if (written.has(name)) return;
    written.add(name);
    await write();
  };
  const manifest: ManifestItem[] = [];
  const repositories: Record<string, Record<string, string>> = {};
  for (const { image, names } of items) {
    const diffIDs = image.config.rootfs.diff_ids;
    const chain = chainIDs(diffIDs);
    for (const [at, layer] of chain.entries()) {
      const diffID = diffIDs[at] as DiffID;
      await once(layerName(diffID), () => writeLayer(store, tar, layer, diffID, onEvent));
    }
    const config = `${hexOf(image.id)}.json`;
    await once(config, () => tar.file(config, image.raw));
    onEvent({ kind: 'config', id: image.id });
    const top = await writeLegacy(tar, once, image, chain);
    const tags = names.filter(({ tag }) => tag !== undefined);
    for (const { tag = '', ...name } of top === undefined ? [] : tags) (repositories[canonicalName(name)] ??= {})[tag] = top as string;
    manifest.push({ Config: config, RepoTags: tags.map(tagOnly), Layers: diffIDs.map(layerName) });
  }
  await tar.file('manifest.json', Buffer.from(JSON.stringify(mergeSame(manifest))));
  await tar.file('repositories', Buffer.from(JSON.stringify(repositories)));
  await tar.end();
  onEvent({ kind: 'manifest' });
}

async function writeLayer(store: Store, tar: MemberWriter, layer: ChainID, diffID: DiffID, onEvent: OnImageEvent): Promise<void> {
  onEvent({ kind: 'layer', digest: diffID, exists: false });
  await tar.stream(layerName(diffID), await layerTarSize(store, layer), layerTar(store, layer));
}

/** Returns the old-style id of the topmost layer. */
async function writeLegacy(tar: MemberWriter, once: (name: string, write: () => Promise<void>) => Promise<void>, image: SaveItem['image'], chain: readonly ChainID[]): Promise<string | undefined> {
  let parent: string | undefined;
  for (const [at, layer] of chain.entries()) {
    const isTop = at === chain.length - 1;
    const { created, architecture, os, author, config } = image.config;
    const description = { ...(parent !== undefined && { parent }), os, ...(isTop ? { created, architecture, author, config: plainRunConfig(config) } : { created: '1970-01-01T00:00:00Z', container_config: {} }) };
    const id = hexOf(digestOf(JSON.stringify({ layer, ...description })));
    await once(id, async () => {
      await tar.symlink(`${id}/layer.tar`, `../${layerName(image.config.rootfs.diff_ids[at] as DiffID)}`);
      await tar.file(`${id}/VERSION`, Buffer.from('1.0'));
      await tar.file(`${id}/json`, Buffer.from(JSON.stringify({ id, ...description })));
    });
    parent = id;
  }
  return parent;
}

function layerName(diffID: DiffID): string {
  return `${hexOf(diffID)}.tar`;
}

function tagOnly({ domain, path, tag = '' }: NamedReference): string {
  return canonicalString({ domain, path, tag });
}

/** The same image asked for twice is one image with the names of both. */
function mergeSame(manifest: readonly ManifestItem[]): ManifestItem[] {
  const byConfig = new Map<string, ManifestItem>();
  for (const item of manifest) {
    const before = byConfig.get(item.Config);
    byConfig.set(item.Config, before === undefined ? item : { ...item, RepoTags: [...new Set([...before.RepoTags, ...item.RepoTags])] });
  }
  return [...byConfig.values()];
}
