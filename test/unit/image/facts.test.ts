import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { imageFacts, type ReadFacts } from '../../../src/image/facts.ts';
import { digestOf, parseImageID } from '../../../src/oci/ids.ts';
import { openStore } from '../../../src/storage/store.ts';

function fixture(t: { teardown: (fn: () => void) => void }) {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-facts-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const store = openStore(join(dir, 'store'));
  const ids = ['one', 'two'].map((text) => {
    const id = parseImageID(digestOf(Buffer.from(text)));
    mkdirSync(dirname(store.layout.imageConfig(id)), { recursive: true });
    writeFileSync(store.layout.imageConfig(id), text);
    return id;
  });
  const asked: string[] = [];
  const read: ReadFacts = (id) => {
    asked.push(id);
    return { fact: { createdMs: 5, sizeBytes: ids.indexOf(id) }, lasting: true };
  };
  return { store, ids, asked, read, path: join(dir, 'facts.json') };
}

test('imageFacts() reads an image once, and again when its config is another file', (t) => {
  const { store, ids, asked, read, path } = fixture(t);
  const first = imageFacts(store, ids, read, path);
  t.deepEqual([...first.values()], [{ createdMs: 5, sizeBytes: 0 }, { createdMs: 5, sizeBytes: 1 }]);
  t.is(asked.length, 2);
  t.deepEqual(imageFacts(store, ids, read, path), first);
  t.is(asked.length, 2);
  utimesSync(store.layout.imageConfig(ids[1] as never), 1, 1);
  t.deepEqual(imageFacts(store, ids, read, path), first);
  t.deepEqual(asked.slice(2), [ids[1] as string]);
});

test('imageFacts() leaves out what is gone or unreadable, and keeps only what lasts', (t) => {
  const { store, ids, asked, read, path } = fixture(t);
  t.is(imageFacts(store, ids, () => undefined, path).size, 0);
  imageFacts(store, ids, (id) => ({ ...(read(id) as NonNullable<ReturnType<ReadFacts>>), lasting: false }), path);
  imageFacts(store, ids, read, path);
  t.is(asked.length, 4);
  rmSync(store.layout.imageConfig(ids[0] as never));
  t.deepEqual([...imageFacts(store, ids, read, path).keys()], [ids[1] as never]);
});

test('imageFacts() takes a damaged file for none, and does without one that cannot be written', (t) => {
  const { store, ids, asked, read, path } = fixture(t);
  for (const text of ['', '{', 'null', '[]', JSON.stringify({ rows: { [ids[0] as string]: [1, 2, 3, { createdMs: 'x' }, 0] }, common: [null] })]) {
    writeFileSync(path, text);
    asked.length = 0;
    t.is(imageFacts(store, ids, read, path).size, 2, text);
    t.is(asked.length, 2, text);
  }
  t.is(Object.keys((JSON.parse(readFileSync(path, 'utf8')) as { rows: object }).rows).length, 2);
  t.is(imageFacts(store, ids, read, join(path, 'not', 'a', 'folder')).size, 2);
});
