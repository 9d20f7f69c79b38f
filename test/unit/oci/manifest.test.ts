import test from 'ava';
import { isCode } from '../../../src/lib/errors.ts';
import { digestOf } from '../../../src/oci/ids.ts';
import { parseManifest, parseManifestOrIndex, requireImageManifest, serializeManifest } from '../../../src/oci/manifest.ts';
import { mediaTypes } from '../../../src/oci/media-types.ts';

const digest = `sha256:${'1'.repeat(64)}`;
const config = { mediaType: mediaTypes.ociConfig, digest, size: 2 };
const layer = { mediaType: mediaTypes.ociLayerGzip, digest, size: 3 };
const image = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [layer] };
const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [{ mediaType: mediaTypes.ociManifest, digest, size: 4, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } }] };
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

test('parseManifestOrIndex() keeps the raw bytes and names them by their digest', (t) => {
  const raw = Buffer.from(` ${JSON.stringify(image)}\n`);
  const parsed = parseManifestOrIndex(raw);
  t.is(parsed.raw, raw);
  t.is(parsed.digest, digestOf(raw));
});

test('parseManifestOrIndex() reads an image, an index, and their Docker kin', (t) => {
  t.is(parseManifestOrIndex(bytes(image)).value.kind, 'manifest');
  const parsed = parseManifestOrIndex(bytes(index)).value;
  t.true(parsed.kind === 'index' && parsed.manifests[0]?.platform?.architecture === 'arm64' && parsed.manifests[0].platform.variant === undefined);
  t.is(parseManifestOrIndex(bytes({ ...image, mediaType: mediaTypes.dockerManifest })).value.mediaType, mediaTypes.dockerManifest);
  t.is(parseManifestOrIndex(bytes({ ...index, mediaType: mediaTypes.dockerList })).value.mediaType, mediaTypes.dockerList);
});

test('a manifest without media type takes it from its carrier, else from its config', (t) => {
  const { mediaType: _, ...bare } = image;
  t.is(parseManifest(bytes(bare)).value.mediaType, mediaTypes.ociManifest);
  t.is(parseManifest(bytes(bare), `${mediaTypes.dockerManifest}; charset=utf-8`).value.mediaType, mediaTypes.dockerManifest);
  t.is(parseManifest(bytes({ ...bare, config: { ...config, mediaType: mediaTypes.dockerConfig } })).value.mediaType, mediaTypes.dockerManifest);
});

test('a carrier that names no type in particular says nothing', (t) => {
  for (const carried of ['', 'application/json', 'text/plain; charset=utf-8', 'application/octet-stream']) t.is(parseManifest(bytes(image), carried).value.mediaType, mediaTypes.ociManifest);
});

for (const [fact, document, contentType] of [
  ['both image and index', { ...image, manifests: index.manifests }, undefined],
  ['an index with the media type of an image', { ...index, mediaType: mediaTypes.ociManifest }, undefined],
  ['an image with the media type of an index', { ...image, mediaType: mediaTypes.ociIndex }, undefined],
  ['an image delivered as an index', { schemaVersion: 2, config, layers: [] }, mediaTypes.ociIndex],
  ['an own media type that differs from the delivered one', image, mediaTypes.dockerManifest],
  ['a page of a web server, whatever is in it', image, 'text/html'],
  ['a type of manifests that it does not have', image, 'application/vnd.docker.distribution.manifest.v1+prettyjws'],
  ['a field that differs from a known one by case', { ...image, Layers: [] }, undefined],
  ['a descriptor field that differs by case', { ...image, layers: [{ ...layer, Digest: digest }] }, undefined],
  ['schema 1', { schemaVersion: 1, fsLayers: [] }, undefined],
  ['schema 1 fields beside an image', { ...image, fsLayers: [] }, undefined],
  ['no schema version', { config, layers: [] }, undefined],
  ['schema version "2"', { ...image, schemaVersion: '2' }, undefined],
  ['neither image nor index', { schemaVersion: 2 }, undefined],
  ['an unknown media type', { ...image, mediaType: 'text/plain' }, undefined],
  ['a layer without size', { ...image, layers: [{ mediaType: layer.mediaType, digest }] }, undefined],
  ['a negative size', { ...image, layers: [{ ...layer, size: -1 }] }, undefined],
  ['a size beyond exact numbers', { ...image, layers: [{ ...layer, size: 2 ** 60 }] }, undefined],
  ['a fractional size', { ...image, layers: [{ ...layer, size: 1.5 }] }, undefined],
  ['layers that are no array', { ...image, layers: {} }, undefined],
  ['too many layers', { ...image, layers: Array.from({ length: 1025 }, () => layer) }, undefined],
  ['a config that is no object', { ...image, config: null }, undefined],
  ['an array', [], undefined],
  ['null', null, undefined],
] as const) {
  test(`class M: parseManifestOrIndex() refuses ${fact}`, (t) => {
    const error = t.throws(() => parseManifestOrIndex(bytes(document), contentType));
    t.true(isCode(error, 'MANIFEST_INVALID'), String(error));
  });
}

for (const bad of ['sha256:../../x', `sha256:${'A'.repeat(64)}`, 'sha256:abc', `md5:${'1'.repeat(32)}`, '', `sha256:${'1'.repeat(64)}\n`, `sha512:${'1'.repeat(64)}`, 7, null]) {
  test(`class L: a descriptor with digest ${JSON.stringify(bad)} is refused`, (t) => {
    const error = t.throws(() => parseManifest(bytes({ ...image, layers: [{ ...layer, digest: bad }] })));
    t.true(isCode(error, 'DIGEST_INVALID'));
    t.regex(error?.message ?? '', /layer 0/);
  });
}

test('class N: depth, size and encoding of a manifest are bounded before it is parsed', (t) => {
  t.throws(() => parseManifestOrIndex(Buffer.from('['.repeat(100_000))), { message: /nested deeper/ });
  t.throws(() => parseManifestOrIndex(Buffer.from(`{"a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_001)}`)), { message: /nested deeper/ });
  t.throws(() => parseManifestOrIndex(Buffer.alloc(5 * 1024 * 1024, 0x20)), { message: /too large/ });
  t.throws(() => parseManifestOrIndex(Buffer.from([0x22, 0xff, 0x22])), { message: /UTF-8/ });
  t.throws(() => parseManifestOrIndex(Buffer.from('{"schemaVersion":2')), { message: /JSON/ });
  t.throws(() => parseManifestOrIndex(Buffer.from(`[${'{},'.repeat(1_000_000)}{}]`)), { message: /more than 500000 values/ });
  t.throws(() => parseManifestOrIndex(Buffer.from(`[${'1,'.repeat(1_000_000)}1]`)), { message: /more than 500000 values/ });
  t.notThrows(() => parseManifestOrIndex(bytes({ ...image, annotations: { x: '[,'.repeat(600_000) } })), 'commas in strings do not count');
  t.notThrows(() => parseManifestOrIndex(bytes({ ...image, annotations: { x: '[[[['.repeat(1000), y: '\\"[[[' } })), 'brackets in strings do not count');
});

test('requireImageManifest() refuses charts and unknown layers', (t) => {
  t.throws(() => requireImageManifest(parseManifest(bytes({ ...image, config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' } })).value), { message: /not a container image/ });
  t.throws(() => requireImageManifest(parseManifest(bytes({ ...image, layers: [{ ...layer, mediaType: 'application/x' }] })).value), { message: /unsupported media type/ });
  t.notThrows(() => requireImageManifest(parseManifest(bytes(image)).value));
});

test('serializeManifest() writes what parseManifest() reads, keys in the order of Go tools', (t) => {
  const { value } = parseManifest(bytes({ ...image, annotations: { a: 'b' } }));
  const raw = serializeManifest(value);
  t.deepEqual(parseManifest(raw).value, value);
  t.true(raw.toString().startsWith('{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":'));
});
