import test from 'ava';
import { digestReference, globPattern, matchesReference } from '../../../src/image/filter.ts';
import { isCode } from '../../../src/lib/errors.ts';
import { normalize, parseReference } from '../../../src/oci/reference.ts';

const matches = (name: string, glob: string): boolean => matchesReference(normalize(parseReference(name)), globPattern(glob));

test('a reference filter fits the whole name, the name without domain, or its last part, with or without tag', (t) => {
  for (const glob of ['quay.io/team/app:1', 'quay.io/team/app', 'team/app:1', 'team/app', 'app:1', 'app', 'ap*', '*/app', 'quay.io/*/app', 'app:?', 'ap[a-p]', 'ap[^a-o]:1', 'a\\pp', '*:*']) t.true(matches('quay.io/team/app:1', glob), glob);
  for (const glob of ['quay.io', 'team', 'app:2', '*', 'quay.io/*', 'p', 'app:', '[^a]pp', 'App', ''].filter((one) => one !== '*')) t.false(matches('quay.io/team/app:1', glob), glob);
});

test('a reference with a digest fits that digest of its repository, whatever its tag', (t) => {
  const digest = `sha256:${'d'.repeat(64)}`;
  for (const written of ['quay.io/team/app', 'team/app', 'app', 'app:1', 'ap*']) t.true(digestReference(`${written}@${digest}`)?.(`quay.io/team/app@${digest}`), written);
  for (const written of ['quay.io/app', 'app:1', 'other']) t.false(digestReference(`${written}@${digest}`)?.(`quay.io/team/${written === 'app:1' ? 'tool' : 'app'}@${digest}`), written);
  t.false(digestReference(`app@sha256:${'e'.repeat(64)}`)?.(`quay.io/team/app@${digest}`));
  t.is(digestReference('app:1'), undefined);
});

test('globPattern() refuses patterns that Go refuses', (t) => {
  for (const glob of ['[', '[]', '[a', '[a-', '\\', '[z-a]', '[^]']) t.true(isCode(t.throws(() => globPattern(glob)), 'USAGE'), glob);
});

test('globPattern() takes special characters of regular expressions literally', (t) => {
  t.true(globPattern('a.b+c(d)$').test('a.b+c(d)$'));
  t.false(globPattern('a.b').test('axb'));
});

test('globPattern() is quick on many stars', (t) => {
  const started = Date.now();
  globPattern('*'.repeat(5000)).test('a'.repeat(5000));
  t.true(Date.now() - started < 1000);
});
