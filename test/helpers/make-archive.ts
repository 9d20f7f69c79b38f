/**
 * Image archives made by code, so that a test can bend any byte of them: a tar writer without opinions, and the documents of
 * docker-archive and OCI layout for given layers.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

export interface TarMember {
  name: string;
  data?: Buffer | string;
  type?: string;
  link?: string;
  /** Written into the header instead of the data's length. */
  size?: number;
  mode?: number;
}

/** A ustar archive with exactly these members; `end: false` leaves the two zero blocks out. */
export function makeTar(members: readonly TarMember[], options: { end?: boolean } = {}): Buffer {
  const blocks: Buffer[] = [];
  for (const { name, data = '', type = '0', link = '', size, mode = 0o644 } of members) {
    const bytes = Buffer.from(data);
    const header = Buffer.alloc(512);
    header.write(name, 0, 100, 'latin1');
    header.write(`${mode.toString(8).padStart(7, '0')}\0${'0000000\0'.repeat(2)}${(size ?? bytes.length).toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0        ${type}`, 100, 'latin1');
    header.write(link, 157, 100, 'latin1');
    header.write('ustar\u000000', 257, 'latin1');
    header.write(`${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    blocks.push(header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512));
  }
  if (options.end !== false) blocks.push(Buffer.alloc(1024));
  return Buffer.concat(blocks);
}

export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A small layer: files by path. */
export function makeLayer(files: Record<string, string>): Buffer {
  return makeTar(Object.entries(files).map(([name, data]) => ({ name, data })));
}

export interface ImageParts { layers: Buffer[]; config: Buffer; imageID: string }

/** The config for these layers; `change` bends it before it is written. */
export function makeImage(layers: Buffer[], change: (config: Record<string, unknown>) => Record<string, unknown> = (config) => config): ImageParts {
  const config = Buffer.from(JSON.stringify(change({
    architecture: 'amd64', os: 'linux', created: '2026-01-02T03:04:05Z', config: { Cmd: ['/bin/sh'] },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
    history: layers.map((_, at) => ({ created: '2026-01-02T03:04:05Z', created_by: `step ${at}` })),
  })));
  return { layers, config, imageID: `sha256:${sha256(config)}` };
}

/** Members of a docker-archive as `docker save` wrote it before version 25: a folder a layer. */
export function dockerMembers(image: ImageParts, tags: readonly string[]): TarMember[] {
  const folders = image.layers.map((layer, at) => sha256(`folder ${at} ${sha256(layer)}`));
  return [
    ...image.layers.flatMap((layer, at): TarMember[] => [
      { name: `${folders[at]}/`, type: '5' }, { name: `${folders[at]}/VERSION`, data: '1.0' }, { name: `${folders[at]}/json`, data: '{}' }, { name: `${folders[at]}/layer.tar`, data: layer },
    ]),
    { name: `${sha256(image.config)}.json`, data: image.config },
    { name: 'manifest.json', data: JSON.stringify([{ Config: `${sha256(image.config)}.json`, RepoTags: tags, Layers: folders.map((folder) => `${folder}/layer.tar`) }]) },
    { name: 'repositories', data: '{}' },
  ];
}

export const ociTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json', index: 'application/vnd.oci.image.index.v1+json', config: 'application/vnd.oci.image.config.v1+json',
  gzip: 'application/vnd.oci.image.layer.v1.tar+gzip', tar: 'application/vnd.oci.image.layer.v1.tar',
};

export function blob(bytes: Buffer): TarMember {
  return { name: `blobs/sha256/${sha256(bytes)}`, data: bytes };
}

export function descriptor(mediaType: string, bytes: Buffer): Record<string, unknown> {
  return { mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length };
}

/** What an OCI layout is made of, to be bent and joined by ociMembers. */
export interface OciParts { manifest: Record<string, unknown>; blobs: TarMember[]; name: string }

export function ociParts(image: ImageParts, name: string): OciParts {
  const layers = image.layers.map((layer) => gzipSync(layer));
  return {
    name, blobs: [...layers.map(blob), blob(image.config)],
    manifest: { schemaVersion: 2, mediaType: ociTypes.manifest, config: descriptor(ociTypes.config, image.config), layers: layers.map((layer) => descriptor(ociTypes.gzip, layer)) },
  };
}

/** `bend` changes the descriptor of the manifest in index.json. */
export function ociMembers({ manifest, blobs, name }: OciParts, bend: (descriptor: Record<string, unknown>) => Record<string, unknown> = (one) => one): TarMember[] {
  const raw = Buffer.from(JSON.stringify(manifest));
  const entry = bend({ ...descriptor(ociTypes.manifest, raw), annotations: { 'org.opencontainers.image.ref.name': name } });
  return [{ name: 'oci-layout', data: '{"imageLayoutVersion":"1.0.0"}' }, { name: 'index.json', data: JSON.stringify({ schemaVersion: 2, manifests: [entry] }) }, ...blobs, blob(raw)];
}
