import test from 'ava';
import { isCode } from '../../../src/lib/errors.ts';
import {
  canonicalString, familiarName, familiarString, isRepositoryPath, isShortName, isTag, localCandidates, normalize, normalizeLocal, parseReference, withDefaultTag,
} from '../../../src/oci/reference.ts';

const hex = 'a'.repeat(64);

for (const [text, whole, familiar] of [
  ['busybox', 'docker.io/library/busybox', 'busybox'],
  ['busybox:1.36', 'docker.io/library/busybox:1.36', 'busybox:1.36'],
  ['docker.io/busybox', 'docker.io/library/busybox', 'busybox'],
  ['index.docker.io/library/busybox', 'docker.io/library/busybox', 'busybox'],
  ['foo/bar', 'docker.io/foo/bar', 'foo/bar'],
  ['docker.io/library/a/b', 'docker.io/library/a/b', 'library/a/b'],
  ['docker.io/a.b/c', 'docker.io/a.b/c', 'docker.io/a.b/c'],
  ['localhost/foo:x', 'localhost/foo:x', 'localhost/foo:x'],
  ['localhost:5000/foo', 'localhost:5000/foo', 'localhost:5000/foo'],
  ['Host/foo', 'Host/foo', 'Host/foo'],
  ['quay.io/a/b/c-d__e.f:T_1.2-x', 'quay.io/a/b/c-d__e.f:T_1.2-x', 'quay.io/a/b/c-d__e.f:T_1.2-x'],
  ['[::1]:5000/foo', '[::1]:5000/foo', '[::1]:5000/foo'],
  [`r.example/x:1@sha256:${hex}`, `r.example/x:1@sha256:${hex}`, `r.example/x:1@sha256:${hex}`],
] as const) {
  test(`normalize() reads ${text} as ${whole}`, (t) => {
    const named = normalize(parseReference(text));
    t.is(canonicalString(named), whole);
    t.is(familiarString(named), familiar);
    t.deepEqual(normalize(parseReference(familiarString(named))), named, 'the familiar form reads back as the same name');
  });
}

for (const [text, cause] of [
  ['', /no name/], [':tag', /no name/], ['Busybox', /lowercase/], ['a//b', /component ""/], ['/a', /component ""/], ['a/', /component ""/],
  ['a:b:c', /component "a:b"|domain/], ['a b', /component/], ['a\nb', /component/], ['a\u0000b', /component/], ['../etc/passwd', /component|domain/], ['a/../b', /component/],
  ['-a', /component/], ['a-', /component/], ['a..b', /component/], ['a___b', /component/], ['ä', /component/],
  ['a:', /tag ""/], ['a:.x', /tag/], [`a:${'t'.repeat(129)}`, /tag/], ['a:x/y', /component|domain/],
  ['a@', /digest/], ['a@sha256:abc', /digest/], [`a@sha256:${hex.toUpperCase()}`, /digest/], [`a@md5:${hex}`, /digest/], ['a@sha256:../../x', /digest/], [`a@sha256:${hex}@sha256:${hex}`, /digest/],
  ['-host.io/x', /domain/], ['host.io:port/x', /domain/], ['host..io/x', /domain/], ['user@host.io/x', /digest/], ['https://host.io/x', /domain/],
  [hex, /hexadecimal/], ['a'.repeat(256), /255/], ['a'.repeat(5000), /1024/],
] as const) {
  test(`parseReference() refuses ${JSON.stringify(text.slice(0, 40))} (${text.length} characters)`, (t) => {
    const error = t.throws(() => parseReference(text), { message: cause });
    t.true(isCode(error, 'REFERENCE_INVALID'));
    t.true((error?.message.length ?? 0) < 400, 'the message stays short');
  });
}

test('parseReference() adds nothing to a short name', (t) => {
  t.deepEqual(parseReference('foo/bar'), { path: 'foo/bar' });
  t.true(isShortName(parseReference('foo/bar')));
  t.false(isShortName(parseReference('localhost/bar')));
});

test('a colon before the last slash is a port, after it a tag', (t) => {
  t.deepEqual(parseReference('host:80/x:1'), { domain: 'host:80', path: 'x', tag: '1' });
});

test('normalizeLocal() puts names made here under localhost/', (t) => {
  t.is(canonicalString(withDefaultTag(normalizeLocal(parseReference('foo')))), 'localhost/foo:latest');
  t.is(canonicalString(normalizeLocal(parseReference('docker.io/foo:1'))), 'docker.io/library/foo:1');
});

test('localCandidates() tries localhost/ before docker.io', (t) => {
  t.deepEqual(localCandidates(parseReference('foo/bar:1')).map(canonicalString), ['localhost/foo/bar:1', 'docker.io/foo/bar:1']);
  t.deepEqual(localCandidates(parseReference('quay.io/foo')).map(canonicalString), ['quay.io/foo']);
});

test('withDefaultTag() leaves a reference by digest alone', (t) => {
  const byDigest = parseReference(`a@sha256:${hex}`);
  t.deepEqual(withDefaultTag(byDigest), byDigest);
});

test('parseReference() reads back whatever it accepts, and is quick on hostile text', (t) => {
  let seed = 42;
  const random = (below: number): number => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return seed % below;
  };
  const alphabet = ['a', 'b', '0', '-', '_', '.', ':', '/', '@', 'A', '__', 'localhost', 'sha256:', hex];
  let accepted = 0;
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: 1 + random(8) }, () => alphabet[random(alphabet.length)]).join('');
    try {
      const named = normalize(parseReference(text));
      accepted++;
      t.deepEqual(normalize(parseReference(canonicalString(named))), named);
      t.deepEqual(normalize(parseReference(familiarString(named))), named);
      t.false(/\.\.|^\/|\/\//.test(familiarName(named)));
    } catch (error) {
      t.true(isCode(error, 'REFERENCE_INVALID'), text);
    }
  }
  t.true(accepted > 1000);
  const started = Date.now();
  t.throws(() => parseReference(`${'a-'.repeat(120)}!`));
  t.throws(() => parseReference(`${'a.'.repeat(500)}/x`));
  t.true(Date.now() - started < 1000);
});

test('isTag() and isRepositoryPath() are the grammar\'s parts', (t) => {
  for (const tag of ['latest', '_x', '1.0-rc_1', 'A'.repeat(128)]) t.true(isTag(tag), tag);
  for (const tag of ['', '.x', '-x', 'a/b', 'a:b', 'a b', 'a\n', 'A'.repeat(129)]) t.false(isTag(tag), tag);
  for (const path of ['a', 'library/nginx', 'a__b/c--d/e.f']) t.true(isRepositoryPath(path), path);
  for (const path of ['', '/', 'a//b', 'a/', '/a', '..', 'a/../b', 'A', 'a..b', 'a\n', 'a'.repeat(256)]) t.false(isRepositoryPath(path), path);
});
