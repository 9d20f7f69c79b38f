import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { readRecord } from '../../../src/image/manifest-record.ts';
import { firstMadeManifest, keepIndex, keepManifest } from '../../../src/image/manifests.ts';
import { digestsOf, meantManifest, recordGiven, recordPushed, recordReceived, repoDigests, repositoriesOf, shownDigest } from '../../../src/image/name-digests.ts';
import { digestOf, parseDigest, parseImageID } from '../../../src/oci/ids.ts';
import { serializeManifest } from '../../../src/oci/manifest.ts';
import { mediaTypes } from '../../../src/oci/media-types.ts';
import type { NamedReference } from '../../../src/oci/reference.ts';
import { normalize, parseReference } from '../../../src/oci/reference.ts';
import type { Store } from '../../../src/storage/index.ts';
import { openStore } from '../../../src/storage/store.ts';

const id = parseImageID(digestOf('config'));
const manifest = (annotation: string): Buffer => serializeManifest({
  mediaType: mediaTypes.ociManifest, config: { mediaType: mediaTypes.ociConfig, digest: parseDigest(id), size: 6 }, layers: [], annotations: { annotation },
});
const [gzip, zstd, sent] = ['gzip', 'zstd', 'sent'].map(manifest) as [Buffer, Buffer, Buffer];
const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [{ mediaType: mediaTypes.ociManifest, digest: digestOf(gzip), size: gzip.length }] }));
const name = (text: string): NamedReference => normalize(parseReference(text));

function emptyStore(t: ExecutionContext): Store {
  const root = mkdtempSync(join(tmpdir(), 'skiff-digests-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  return openStore(root);
}

/** One image, received twice. */
function receivedTwice(t: ExecutionContext): Store {
  const store = emptyStore(t);
  for (const [raw, text] of [[gzip, 'r.io/gz:1'], [zstd, 'r.io/zs:1']] as const) recordReceived(store, id, [name(text)], [keepManifest(store, id, raw, 'received')], true);
  return store;
}

const meant = (store: Store, text?: string): string | undefined => meantManifest(store, id, text === undefined ? undefined : name(text))?.value.annotations['annotation'];

test('each name keeps the digest by which the image was received under it', (t) => {
  const store = receivedTwice(t);
  t.is(shownDigest(store, id, name('r.io/gz:1')), digestOf(gzip));
  t.is(shownDigest(store, id, name('r.io/zs:1')), digestOf(zstd));
  t.is(shownDigest(store, id), digestOf(zstd), 'the newest');
  t.is(shownDigest(store, id, name(`r.io/gz@${digestOf(zstd)}`)), digestOf(zstd), 'what is written counts');
  t.deepEqual(repoDigests(readRecord(store, id), ['r.io/gz:1', 'r.io/zs:1', 'localhost/own:1'].map(name)), [`r.io/gz@${digestOf(gzip)}`, `r.io/zs@${digestOf(zstd)}`, `localhost/own@${digestOf(zstd)}`]);
  t.deepEqual([meant(store, 'r.io/gz:1'), meant(store, 'r.io/zs:1'), meant(store), meant(store, `r.io/zs@${digestOf(gzip)}`)], ['gzip', 'zstd', 'zstd', 'gzip']);
});

test('an index comes before the manifest to which it led, and means that one', (t) => {
  const store = receivedTwice(t);
  recordReceived(store, id, [name('r.io/multi:1')], [keepIndex(store, id, index), digestOf(gzip)], true);
  t.is(shownDigest(store, id, name('r.io/multi:1')), digestOf(index));
  t.deepEqual(repoDigests(readRecord(store, id), [name('r.io/multi:1')]), [`r.io/multi@${digestOf(index)}`, `r.io/multi@${digestOf(gzip)}`]);
  t.is(meant(store, 'r.io/multi:1'), 'gzip');
  t.is(meant(store, `r.io/multi@${digestOf(index)}`), 'gzip');
});

test('a name that is given has the digest of the name that it was given to, until it is pushed', (t) => {
  const store = receivedTwice(t);
  recordReceived(store, id, [name('r.io/gz:2')], [digestOf(gzip)], true);
  recordGiven(store, id, [name('r.io/new:1')], name('r.io/gz:1'));
  t.is(meant(store, 'r.io/new:1'), 'gzip');
  t.deepEqual(repositoriesOf(readRecord(store, id), digestOf(gzip)), [{ domain: 'r.io', path: 'gz' }], 'nothing was seen under the new one yet');
  keepManifest(store, id, sent, 'made');
  recordPushed(store, id, name('r.io/new:1'), digestOf(sent));
  t.deepEqual(digestsOf(readRecord(store, id), name('r.io/new:1')), [digestOf(sent)]);
  t.is(meant(store, 'r.io/new:1'), 'zstd', 'what was only sent is no wish for the next time');
  t.is(meant(store, `r.io/new@${digestOf(sent)}`), 'sent', 'but where it is named');
  t.is(shownDigest(store, id), digestOf(gzip), 'what was received is shown, the newest first');
  recordGiven(store, id, [name('r.io/new:1')], undefined);
  t.deepEqual(digestsOf(readRecord(store, id), name('r.io/new:1')), []);
});

test('the manifest with which an image was made is known as that, whatever is pushed how often', (t) => {
  const store = emptyStore(t);
  const first = (): string | undefined => firstMadeManifest(store, id)?.value.annotations['annotation'];
  for (const raw of [sent, gzip, zstd, sent]) keepManifest(store, id, raw, 'made');
  t.is(first(), 'sent');
  for (let at = 0; at < 30; at++) keepManifest(store, id, manifest(String(at)), 'made');
  t.is(first(), 'sent');
  // A record without the word: the oldest.
  writeFileSync(store.layout.manifestsOf(id), `${digestOf(sent)} made\n${digestOf(gzip)} made\n`);
  t.is(first(), 'gzip');
});

test('a record that knows no names, and lines that make no sense, are read', (t) => {
  const store = receivedTwice(t);
  const path = store.layout.manifestsOf(id);
  writeFileSync(path, `${digestOf(zstd)}\n${digestOf(gzip)} made\n${digestOf(index)} index\n`);
  t.deepEqual(readRecord(store, id), { manifests: [{ digest: digestOf(zstd), origin: 'received' }, { digest: digestOf(gzip), origin: 'made' }], first: undefined, indexes: [digestOf(index)], named: [] });
  t.is(shownDigest(store, id, name('r.io/gz:1')), digestOf(zstd));
  writeFileSync(path, `garbage\n${digestOf(zstd)}\n${digestOf(zstd)} as\n${digestOf(zstd)} as .../\n${digestOf(gzip)} as r.io/gz:1\n`);
  t.deepEqual(repositoriesOf(readRecord(store, id), digestOf(zstd)), []);
  recordPushed(store, id, name('r.io/x:1'), digestOf(zstd));
  t.is(readFileSync(path, 'utf8'), `${digestOf(zstd)}\n${digestOf(zstd)} as r.io/x:1\n${digestOf(zstd)} as .../\n`, 'what has no manifest goes');
});
