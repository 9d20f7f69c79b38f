import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { matchImage } from '../../../src/image/match.ts';
import { findImage, resolveImage } from '../../../src/image/resolve.ts';
import { isCode } from '../../../src/lib/errors.ts';
import type { ImageID } from '../../../src/oci/ids.ts';
import { digestOf, hexOf, parseImageID } from '../../../src/oci/ids.ts';
import { canonicalString } from '../../../src/oci/reference.ts';
import type { Store } from '../../../src/storage/index.ts';
import { openStore } from '../../../src/storage/store.ts';

/** A store with images that have no layers. */
function storeWith(t: ExecutionContext, references: Record<string, Record<string, ImageID>>, images: readonly Buffer[]): Store {
  const root = mkdtempSync(join(tmpdir(), 'skiff-resolve-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  const store = openStore(root);
  for (const raw of images) {
    const path = store.layout.imageConfig(idOf(raw));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, raw);
  }
  mkdirSync(dirname(store.layout.repositories), { recursive: true });
  writeFileSync(store.layout.repositories, JSON.stringify({ Repositories: references }));
  return store;
}

const config = (author: string): Buffer => Buffer.from(JSON.stringify({ author, rootfs: { type: 'layers', diff_ids: [] } }));
const idOf = (raw: Buffer): ImageID => parseImageID(digestOf(raw));
const [one, two] = [config('one'), config('two')];
const [first, second] = [idOf(one), idOf(two)];
const digest = `sha256:${'d'.repeat(64)}`;
const standard = {
  busybox: { 'busybox:latest': first, 'busybox:2': second },
  'localhost/app': { 'localhost/app:latest': second },
  'quay.io/team/tool': { 'quay.io/team/tool:1': first, [`quay.io/team/tool@${digest}`]: second },
};

for (const [text, id, name] of [
  ['busybox', first, 'docker.io/library/busybox:latest'], ['docker.io/library/busybox:2', second, 'docker.io/library/busybox:2'], ['app', second, 'localhost/app:latest'],
  ['localhost/app:latest', second, 'localhost/app:latest'], ['quay.io/team/tool:1', first, 'quay.io/team/tool:1'], ['tool:1', first, 'quay.io/team/tool:1'], ['team/tool:1', first, 'quay.io/team/tool:1'],
  [`tool@${digest}`, second, `quay.io/team/tool@${digest}`], [`quay.io/team/tool@${digest}`, second, `quay.io/team/tool@${digest}`], [`quay.io/team/tool:any@${digest}`, second, `quay.io/team/tool:any@${digest}`],
  [first, first, undefined], [hexOf(second), second, undefined], [hexOf(first).slice(0, 12), first, undefined], [`sha256:${hexOf(first).slice(0, 8)}`, first, undefined],
] as const) {
  test(`resolveImage() finds ${text.slice(0, 60)}`, (t) => {
    const found = resolveImage(storeWith(t, standard, [one, two]), text);
    t.is(found.id, id);
    t.is(found.name === undefined ? undefined : canonicalString(found.name), name);
    t.is(found.raw.toString(), (id === first ? one : two).toString());
  });
}

for (const text of ['none', 'busybox:3', 'quay.io/team/tool', 'localhost/busybox', 'docker.io/app', 'ool:1', `busybox@${digest}`, 'f'.repeat(64), `sha256:${'0'.repeat(63)}`, 'sha256:xyz']) {
  test(`resolveImage() knows no ${text.slice(0, 40)}`, (t) => {
    const store = storeWith(t, standard, [one, two]);
    const error = t.throws(() => resolveImage(store, text));
    t.true(isCode(error, 'IMAGE_UNKNOWN', 'REFERENCE_INVALID'), String(error));
    if (isCode(error, 'IMAGE_UNKNOWN')) t.is(error.message, `${text}: image not known`);
  });
}

test('a name comes before the beginning of an id', (t) => {
  const name = hexOf(first).slice(0, 6);
  const store = storeWith(t, { [`localhost/${name}`]: { [`localhost/${name}:latest`]: second } }, [one, two]);
  t.is(matchImage(store, name).id, second);
  t.is(matchImage(store, hexOf(first).slice(0, 7)).id, first);
});

test('localhost/ comes before docker.io', (t) => {
  const store = storeWith(t, { 'localhost/x': { 'localhost/x:latest': first }, x: { 'x:latest': second } }, [one, two]);
  t.is(matchImage(store, 'x').id, first);
  t.is(matchImage(store, 'docker.io/x').id, second);
});

test('an end of names, or the beginning of ids, that fits two images is refused', (t) => {
  const store = storeWith(t, { 'a.io/x/tool': { 'a.io/x/tool:latest': first }, 'b.io/x/tool': { 'b.io/x/tool:latest': second }, 'c.io/tool': { 'c.io/tool:9': first } }, [one, two]);
  t.true(isCode(t.throws(() => matchImage(store, 'x/tool')), 'IMAGE_AMBIGUOUS'));
  t.is(matchImage(store, 'tool:9').id, first);
  const many = Array.from({ length: 20 }, (_, at) => config(`many ${at}`));
  const crowded = storeWith(t, {}, many);
  const starts = many.map((raw) => hexOf(idOf(raw)).charAt(0));
  const shared = starts.find((start, at) => starts.indexOf(start) !== at) ?? '';
  t.true(isCode(t.throws(() => matchImage(crowded, shared)), 'IMAGE_AMBIGUOUS'));
});

test('a name whose image is gone names no image', (t) => {
  const store = storeWith(t, { gone: { 'gone:latest': first } }, []);
  t.is(findImage(store, 'gone'), undefined);
});

test('an absent store has no images', (t) => {
  t.is(findImage(openStore(join(tmpdir(), 'skiff-absent-store')), 'x'), undefined);
});

test('a config whose bytes changed is damage, not another image', (t) => {
  const store = storeWith(t, standard, [one, two]);
  writeFileSync(store.layout.imageConfig(first), config('evil'));
  t.true(isCode(t.throws(() => resolveImage(store, 'busybox')), 'STORE_CORRUPT'));
});
