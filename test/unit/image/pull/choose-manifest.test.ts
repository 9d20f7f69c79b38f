import test from 'ava';
import { chooseManifest } from '../../../../src/image/pull/choose-manifest.ts';
import type { Document } from '../../../../src/image/pull/choose-manifest.ts';
import { digestOf } from '../../../../src/oci/ids.ts';
import { mediaTypes } from '../../../../src/oci/media-types.ts';

const amd64 = { os: 'linux', architecture: 'amd64' };
const manifest = (name: string): Buffer => Buffer.from(JSON.stringify({
  schemaVersion: 2, mediaType: mediaTypes.ociManifest, config: { mediaType: mediaTypes.ociConfig, digest: digestOf(name), size: 1 }, layers: [],
}));
const index = (entries: readonly { raw: Buffer; platform?: object; mediaType?: string; size?: number }[]): Buffer => Buffer.from(JSON.stringify({
  schemaVersion: 2, mediaType: mediaTypes.ociIndex,
  manifests: entries.map(({ raw, platform, mediaType = mediaTypes.ociManifest, size = raw.length }) => ({ mediaType, digest: digestOf(raw), size, ...(platform !== undefined && { platform }) })),
}));
const from = (...documents: readonly Buffer[]) => ({ digest }: { digest: string }): Promise<Document> => {
  const raw = documents.find((one) => (digestOf(one) as string) === digest);
  return raw === undefined ? Promise.reject(new Error('none')) : Promise.resolve({ raw, mediaType: undefined });
};

test('chooseManifest() of a manifest is the manifest, of an index the image for the platform, with the indexes on the way', async (t) => {
  const [one, two] = [manifest('one'), manifest('two')];
  t.is((await chooseManifest({ raw: one, mediaType: undefined }, amd64, from())).raw, one);
  const top = index([{ raw: one, platform: { os: 'linux', architecture: 'arm64' } }, { raw: two, platform: amd64 }]);
  const chosen = await chooseManifest({ raw: top, mediaType: mediaTypes.ociIndex }, amd64, from(one, two));
  t.is(chosen.raw, two);
  t.deepEqual(chosen.indexes, [top]);
  const outer = index([{ raw: top, platform: amd64, mediaType: mediaTypes.ociIndex }]);
  t.deepEqual((await chooseManifest({ raw: outer, mediaType: undefined }, amd64, from(one, two, top))).indexes, [outer, top]);
});

test('chooseManifest() of an index with one image without a platform is that image; attestations are none', async (t) => {
  const one = manifest('one');
  const top = index([{ raw: one }, { raw: manifest('attestation'), platform: { os: 'unknown', architecture: 'unknown' } }]);
  t.is((await chooseManifest({ raw: top, mediaType: undefined }, amd64, from(one))).raw, one);
});

test('chooseManifest() refuses: no image for the platform, another size, another media type, nesting without end', async (t) => {
  const one = manifest('one');
  const arm = index([{ raw: one, platform: { os: 'linux', architecture: 'arm64' } }]);
  const missing = await t.throwsAsync(chooseManifest({ raw: arm, mediaType: undefined }, amd64, from(one)), { message: 'no image for linux/amd64 in its index' });
  t.is((missing as unknown as { hint: string }).hint, 'there are: linux/arm64');
  await t.throwsAsync(chooseManifest({ raw: index([{ raw: one, platform: amd64, size: 3 }]), mediaType: undefined }, amd64, from(one)), { message: /its descriptor says 3/ });
  const lying = index([{ raw: arm, platform: amd64 }]);
  await t.throwsAsync(chooseManifest({ raw: lying, mediaType: undefined }, amd64, from(arm)), { message: /delivered as/ });
  let deep = one;
  const all = [one];
  for (let at = 0; at < 6; at++) {
    deep = index([{ raw: deep, platform: amd64, mediaType: at === 0 ? mediaTypes.ociManifest : mediaTypes.ociIndex }]);
    all.push(deep);
  }
  await t.throwsAsync(chooseManifest({ raw: deep, mediaType: undefined }, amd64, from(...all)), { message: /nested more than 4 deep/ });
});
