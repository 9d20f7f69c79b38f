import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { SkiffError } from '../../../src/lib/errors.ts';
import { parseImageID } from '../../../src/oci/ids.ts';
import type { Store } from '../../../src/storage/index.ts';
import { readRepositories, referencesOf, repositoryOf, resolveTag, tag, tagAll, untag, untagAll } from '../../../src/storage/repositories.ts';
import { openStore } from '../../../src/storage/store.ts';

const one = parseImageID(`sha256:${'1'.repeat(64)}`);
const two = parseImageID(`sha256:${'2'.repeat(64)}`);

function inStore(run: (store: Store) => void): void {
  const root = mkdtempSync(join(tmpdir(), 'skiff-'));
  try {
    run(openStore(join(root, 'store')));
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('an absent store has no names, and reading makes nothing', (t) => {
  inStore((store) => {
    t.is(readRepositories(store).size, 0);
    t.is(resolveTag(store, 'busybox:latest'), undefined);
    t.throws(() => readFileSync(store.root), { code: 'ENOENT' });
  });
});

test('tag() writes Docker\'s shape, and moves a name from one image to another', (t) => {
  inStore((store) => {
    t.is(tag(store, 'busybox:latest', one), undefined);
    t.is(tag(store, 'busybox:latest', two), one);
    tagAll(store, ['a.b:5000/x:1', `busybox@sha256:${'a'.repeat(64)}`], one);
    t.deepEqual(JSON.parse(readFileSync(store.layout.repositories, 'utf8')), {
      Repositories: { busybox: { 'busybox:latest': two, [`busybox@sha256:${'a'.repeat(64)}`]: one }, 'a.b:5000/x': { 'a.b:5000/x:1': one } },
    });
    t.is(resolveTag(store, 'busybox:latest'), two);
    t.deepEqual(referencesOf(store, one), ['a.b:5000/x:1', `busybox@sha256:${'a'.repeat(64)}`]);
  });
});

test('untag() takes a name away, and with the last one its repository', (t) => {
  inStore((store) => {
    tagAll(store, ['x:1', 'x:2'], one);
    t.is(untag(store, 'x:1'), one);
    t.is(untag(store, 'x:1'), undefined);
    t.deepEqual(untagAll(store, (_, id) => id === one), [['x:2', one]]);
    t.deepEqual(JSON.parse(readFileSync(store.layout.repositories, 'utf8')), { Repositories: {} });
  });
});

test('names that are keys of every object are names like others', (t) => {
  inStore((store) => {
    tagAll(store, ['constructor:latest', '__proto__:latest'], one);
    t.is(resolveTag(store, 'constructor:latest'), one);
    t.is(resolveTag(store, '__proto__:latest'), one);
    t.is(resolveTag(store, 'toString:latest'), undefined);
  });
});

test('a damaged file is STORE_CORRUPT, never an empty list', (t) => {
  inStore((store) => {
    mkdirSync(dirname(store.layout.repositories), { recursive: true });
    for (const text of ['', '{', '[]', '{"Repositories":[]}', '{"Repositories":{"x":1}}', '{"Repositories":{"x":{"x:1":"sha256:short"}}}']) {
      writeFileSync(store.layout.repositories, text);
      const error = t.throws(() => readRepositories(store), { instanceOf: SkiffError }, text);
      t.is((error as SkiffError | undefined)?.code, 'STORE_CORRUPT', text);
    }
  });
});

test('repositoryOf() drops tag and digest, not the port', (t) => {
  t.is(repositoryOf('a:1'), 'a');
  t.is(repositoryOf('host:5000/a'), 'host:5000/a');
  t.is(repositoryOf('host:5000/a:1'), 'host:5000/a');
  t.is(repositoryOf(`a:1@sha256:${'a'.repeat(64)}`), 'a');
});

test('the spare has room for what is there, and a spare that went is made again', (t) => {
  inStore((store) => {
    const { repositories, repositoriesSpare } = store.layout;
    for (let n = 0; n < 60; n++) tag(store, `${'long'.repeat(20)}:${n}`, one);
    t.true(statSync(repositoriesSpare).size >= statSync(repositories).size);
    rmSync(repositoriesSpare);
    untag(store, `${'long'.repeat(20)}:7`);
    t.true(statSync(repositoriesSpare).size >= statSync(repositories).size);
  });
});
