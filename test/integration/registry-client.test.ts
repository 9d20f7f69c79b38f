/** The distribution client against both test registries: the real one for what works, the other for what goes wrong. */
import test from 'ava';
import { parseDigest } from '../../src/oci/ids.ts';
import { startFaultRegistry } from '../helpers/fault-registry.ts';
import { makeLayer, sha256 } from '../helpers/make-archive.ts';
import { madeImage, madeIndex } from '../helpers/make-image.ts';
import { pushImage, startRegistry } from '../helpers/registry.ts';
import { at, basic, bytesOf, certsOf, testClient } from '../helpers/registry-client.ts';
import { requires } from '../helpers/requires.ts';
import { request } from '../helpers/test-request.ts';

const image = madeImage([makeLayer({ 'a.txt': 'a'.repeat(100_000) })]);
const layer = image.blobs[0] ?? Buffer.alloc(0);
const layerDigest = parseDigest(`sha256:${sha256(layer)}`);

test('the test registries take an image and give it back', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const plain = await startRegistry(t);
  const closed = await startRegistry(t, { auth: true, tls: 'client' });
  const fault = await startFaultRegistry(t);
  const index = madeIndex([{ image, platform: 'linux/amd64' }, { image: madeImage([makeLayer({ b: 'b' })], { docker: true }), platform: 'linux/arm64/v8' }]);
  for (const registry of [plain, closed, { ...fault, user: undefined, password: undefined, files: undefined }]) {
    await pushImage(registry, 'some/name', 'latest', index);
    const got = await request(registry, 'GET', '/v2/some/name/manifests/latest', { headers: { accept: index.mediaType } });
    t.is(got.headers['docker-content-digest'], index.digest);
    t.true(got.body.equals(index.raw));
    const blob = await request(registry, 'GET', `/v2/some/name/blobs/${image.imageID}`, { headers: { range: 'bytes=5-' } });
    t.is(blob.status, 206);
  }
});

test('pull from the real registry: plain, TLS with our authority, a client\'s certificate, basic authentication', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  for (const kind of ['plain', 'tls', 'client'] as const) {
    const registry = await startRegistry(t, kind === 'plain' ? {} : { auth: true, tls: kind === 'client' ? 'client' : true });
    await pushImage(registry, 'some/name', 'latest', image);
    const registryClient = testClient(t, {
      certs: certsOf(registry, kind === 'client'), tlsVerify: kind !== 'plain',
      ...(registry.user !== undefined && { credential: basic(registry.user, registry.password ?? '') }),
    });
    const found = await registryClient.fetchManifest(at(registry), 'latest');
    t.true(found.raw.equals(image.raw));
    t.is(found.digest as string, image.digest);
    t.is(found.mediaType, image.mediaType);
    const blob = await registryClient.fetchBlob(at(registry), layerDigest);
    t.is(blob.totalBytes, layer.length);
    t.true((await bytesOf(blob.body)).equals(layer));
    const rest = await registryClient.fetchBlob(at(registry), layerDigest, 100);
    t.is(rest.offset, 100);
    t.is(rest.totalBytes, layer.length);
    t.true((await bytesOf(rest.body)).equals(layer.subarray(100)));
  }
});

test('push to the real registry: streamed, mounted, with digests confirmed', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const registry = await startRegistry(t, { auth: true });
  const registryClient = testClient(t, { credential: basic(registry.user ?? '', registry.password ?? '') });
  let counted = 0;
  for (const bytes of image.blobs) {
    t.is(await registryClient.statBlob(at(registry), parseDigest(`sha256:${sha256(bytes)}`)), undefined);
    const done = await registryClient.uploadBlob(at(registry), { async *open() { yield bytes.subarray(0, 10); yield bytes.subarray(10); } }, (count) => { counted += count; });
    t.is(done.digest as string, `sha256:${sha256(bytes)}`);
    t.is(done.sizeBytes, bytes.length);
    t.is(await registryClient.statBlob(at(registry), done.digest), bytes.length);
  }
  t.is(counted, image.blobs.reduce((sum, bytes) => sum + bytes.length, 0));
  t.is(await registryClient.putManifest(at(registry), 'latest', image.raw, image.mediaType) as string, image.digest);
  t.is((await registryClient.headManifest(at(registry), 'latest'))?.digest as string, image.digest);
  t.is(await registryClient.headManifest(at(registry), 'absent'), undefined);
  t.true(await registryClient.mountBlob(at(registry, 'other'), layerDigest, at(registry)));
  t.is(await registryClient.statBlob(at(registry, 'other'), layerDigest), layer.length);
  t.deepEqual(await registryClient.listTags(at(registry)), ['latest']);
});
