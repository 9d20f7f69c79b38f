import test from 'ava';
import { indexBytes, indexDocument, indexTypeFor } from '../../../../src/image/lists/build-index.ts';
import type { ListMember } from '../../../../src/image/lists/model.ts';
import { parseDigest } from '../../../../src/oci/ids.ts';
import { parseManifestOrIndex } from '../../../../src/oci/manifest.ts';
import { mediaTypes } from '../../../../src/oci/media-types.ts';

const member = (digit: string, more: Partial<ListMember> = {}): ListMember => ({
  mediaType: mediaTypes.ociManifest, digest: parseDigest(`sha256:${digit.repeat(64)}`), size: 42, platform: { architecture: 'amd64', os: 'linux' },
  source: { kind: 'registry', domain: 'r', path: 'p' }, ...more,
});

test('indexTypeFor() is Docker\'s where everything is Docker\'s, else OCI\'s', (t) => {
  const docker = member('1', { mediaType: mediaTypes.dockerManifest });
  t.is(indexTypeFor({ members: [], annotations: {} }), mediaTypes.ociIndex);
  t.is(indexTypeFor({ members: [docker], annotations: {} }), mediaTypes.dockerList);
  t.is(indexTypeFor({ members: [docker, member('2')], annotations: {} }), mediaTypes.ociIndex);
  t.is(indexTypeFor({ members: [docker], annotations: { a: 'b' } }), mediaTypes.ociIndex);
  t.is(indexTypeFor({ members: [{ ...docker, annotations: { a: 'b' } }], annotations: {} }), mediaTypes.ociIndex);
});

test('indexBytes() is an index that the strict parser takes, with the platforms as they were written', (t) => {
  const platform = { architecture: 'arm64', os: 'linux', 'os.version': '1', 'os.features': ['f'], variant: 'v8', features: ['g'] };
  const raw = indexBytes({ members: [member('1', { annotations: { k: 'v' } }), member('2', { platform })], annotations: { x: 'y' } });
  const { value } = parseManifestOrIndex(raw);
  t.is(value.kind, 'index');
  t.deepEqual(value.annotations, { x: 'y' });
  t.deepEqual((JSON.parse(raw.toString()) as { manifests: { platform: object }[] }).manifests[1]?.platform, platform);
  t.is(raw.toString().slice(0, 60), '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.in');
  t.deepEqual(indexBytes({ members: [member('1')], annotations: {} }), indexBytes({ members: [member('1')], annotations: {} }));
});

test('a list of Docker\'s has no annotations, and no source is ever written', (t) => {
  const text = JSON.stringify(indexDocument({ members: [member('1', { annotations: { k: 'v' }, artifactType: 'a/b' })], annotations: { x: 'y' } }, mediaTypes.dockerList));
  for (const word of ['annotations', 'artifactType', 'source']) t.false(text.includes(word), word);
  t.true(JSON.stringify(indexDocument({ members: [member('1', { platform: undefined })], annotations: {} })).endsWith('"size":42}]}'));
});
