import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { SkiffError } from '../../../src/lib/errors.ts';
import { digestOf, parseChainID, parseDigest, parseDiffID } from '../../../src/oci/ids.ts';
import { diffIDOf, layerSources, listManifests, putManifest, readManifest, recordLayerSource } from '../../../src/storage/distribution.ts';
import { deleteImage, hasImage, lastUpdated, listImages, parentOf, putImage, readImage, setLastUpdated } from '../../../src/storage/imagedb.ts';
import type { Store } from '../../../src/storage/index.ts';
import { hasLayer, listLayers, readChain, readLayer } from '../../../src/storage/layerdb.ts';
import { openStore } from '../../../src/storage/store.ts';

const diffID = parseDiffID(`sha256:${'d'.repeat(64)}`);
const config = (diffIDs: readonly string[]): Buffer => Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: diffIDs } }));

function inStore(run: (store: Store) => void): void {
  const root = mkdtempSync(join(tmpdir(), 'skiff-'));
  try {
    run(openStore(root));
  } finally {
    rmSync(root, { recursive: true });
  }
}

function codeOf(fn: () => unknown): string {
  try {
    fn();
    return 'none';
  } catch (error) {
    return error instanceof SkiffError ? error.code : String(error);
  }
}

function fakeLayer(store: Store, files: Record<string, string>): void {
  const folder = store.layout.layer(parseChainID(diffID));
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

test('putImage() stores the bytes under their digest and readImage() gives them back', (t) => {
  inStore((store) => {
    const raw = config([]);
    const parent = putImage(store, Buffer.concat([raw, Buffer.from(' ')]));
    const id = putImage(store, raw, { parent });
    t.is(id as string, digestOf(raw));
    t.is(putImage(store, raw), id, 'once more does nothing');
    t.true(hasImage(store, id));
    t.deepEqual(listImages(store), [id, parent].toSorted());
    t.true(readImage(store, id).raw.equals(raw));
    t.is(readImage(store, id).config.architecture, 'amd64');
    t.is(parentOf(store, id), parent);
    t.is(parentOf(store, parent), undefined);
    setLastUpdated(store, id, '2024-01-01T00:00:00Z');
    t.is(lastUpdated(store, id), '2024-01-01T00:00:00Z');
    deleteImage(store, id);
    deleteImage(store, id);
    t.deepEqual(listImages(store), [parent]);
    t.is(lastUpdated(store, id), undefined);
    t.is(codeOf(() => readImage(store, id)), 'IMAGE_UNKNOWN');
  });
});

test('putImage() refuses a config whose layers are not there, and one that is none', (t) => {
  inStore((store) => {
    t.is(codeOf(() => putImage(store, config([diffID]))), 'NOT_FOUND');
    t.is(codeOf(() => putImage(store, Buffer.from('{}'))), 'CONFIG_INVALID');
    t.deepEqual(listImages(store), []);
  });
});

test('readImage() finds out that a config was changed, and deleteImage() removes it all the same', (t) => {
  inStore((store) => {
    const id = putImage(store, config([]));
    writeFileSync(store.layout.imageConfig(id), config([diffID]));
    t.is(codeOf(() => readImage(store, id)), 'STORE_CORRUPT');
    deleteImage(store, id);
    t.deepEqual(listImages(store), []);
  });
});

test('readLayer() reads Docker\'s files and tells a missing layer from a damaged one', (t) => {
  inStore((store) => {
    const chainID = parseChainID(diffID);
    t.is(codeOf(() => readLayer(store, chainID)), 'NOT_FOUND');
    fakeLayer(store, { diff: diffID, 'cache-id': 'c'.repeat(64), size: '42' });
    t.deepEqual(readLayer(store, chainID), { chainID, diffID, cacheID: 'c'.repeat(64) as never, parent: undefined, sizeBytes: 42 });
    t.true(hasLayer(store, chainID));
    t.deepEqual(listLayers(store), [chainID]);
    for (const [name, text] of [['size', ''], ['size', '-1'], ['cache-id', '../../etc'], ['diff', 'sha256:x'], ['parent', '/etc/passwd']] as const) {
      fakeLayer(store, { diff: diffID, 'cache-id': 'c'.repeat(64), size: '42', [name]: text });
      t.is(codeOf(() => readLayer(store, chainID)), 'STORE_CORRUPT', `${name}=${text}`);
    }
    fakeLayer(store, { size: '42', parent: diffID, 'cache-id': 'c'.repeat(64) });
    t.is(codeOf(() => readChain(store, chainID)), 'STORE_CORRUPT', 'its own parent');
  });
});

test('transfer records are kept newest first, once each, and damage is absence', (t) => {
  inStore((store) => {
    const a = parseDigest(`sha256:${'a'.repeat(64)}`);
    const b = parseDigest(`sha256:${'b'.repeat(64)}`);
    recordLayerSource(store, diffID, { digest: a, repository: 'docker.io/library/x' });
    recordLayerSource(store, diffID, { digest: b, repository: '' });
    recordLayerSource(store, diffID, { digest: a, repository: 'docker.io/library/x' });
    t.deepEqual(layerSources(store, diffID), [{ digest: a, repository: 'docker.io/library/x' }, { digest: b, repository: '' }]);
    recordLayerSource(store, diffID, { digest: b, repository: 'docker.io/library/x', made: true });
    t.deepEqual(layerSources(store, diffID)[0], { digest: b, repository: 'docker.io/library/x', made: true });
    t.is(diffIDOf(store, a), diffID);
    t.is(diffIDOf(store, b), diffID);
    writeFileSync(store.layout.diffIDByDigest(a), 'garbage');
    writeFileSync(store.layout.metadataByDiffID(diffID), '[{]');
    t.is(diffIDOf(store, a), undefined);
    t.deepEqual(layerSources(store, diffID), []);
  });
});

test('manifests come back as they were kept, or not at all', (t) => {
  inStore((store) => {
    const raw = Buffer.from('{"schemaVersion": 2}');
    const digest = putManifest(store, raw);
    t.true(readManifest(store, digest)?.equals(raw));
    t.deepEqual(listManifests(store), [digest]);
    writeFileSync(join(store.layout.manifests, digest.slice(7)), 'other');
    t.is(readManifest(store, digest), undefined);
  });
});
