import test from 'ava';
import { parse } from 'smol-toml';
import { isCode } from '../../../src/lib/errors.ts';
import { canonicalString, parseReference } from '../../../src/oci/reference.ts';
import { mergeConf, parseConfFile } from '../../../src/registry/registries-conf-parse.ts';
import { resolveShortName } from '../../../src/registry/short-names.ts';

const resolve = (text: string, name: string) => {
  const { candidates, notice } = resolveShortName(mergeConf([{ file: 'r.conf', ...parseConfFile(text, 'r.conf', parse) }]), parseReference(name));
  return { names: candidates.map(canonicalString), notice };
};
const digest = `sha256:${'a'.repeat(64)}`;

test('resolveShortName() leaves a full name alone', (t) => {
  t.deepEqual(resolve('unqualified-search-registries = ["a.b"]\n[aliases]\n"x" = "c.d/x"', 'quay.io/x:1'), { names: ['quay.io/x:1'], notice: undefined });
  t.deepEqual(resolve('', 'docker.io/x').names, ['docker.io/library/x']);
});

test('resolveShortName() takes an alias first and keeps tag and digest', (t) => {
  const text = 'unqualified-search-registries = ["a.b", "c.d"]\n[aliases]\n"fedora" = "registry.fedoraproject.org/fedora"\n"ns/x" = "q.r/y"';
  t.deepEqual(resolve(text, 'fedora'), { names: ['registry.fedoraproject.org/fedora'], notice: 'Resolved "fedora" as an alias (r.conf)' });
  t.deepEqual(resolve(text, `fedora:1@${digest}`).names, [`registry.fedoraproject.org/fedora:1@${digest}`]);
  t.deepEqual(resolve(text, 'ns/x:2').names, ['q.r/y:2']);
});

test('resolveShortName() tries the search registries in their order', (t) => {
  const found = resolve('unqualified-search-registries = ["b.c", "docker.io", "quay.io/team"]', 'x:1');
  t.deepEqual(found.names, ['b.c/x:1', 'docker.io/library/x:1', 'quay.io/team/x:1']);
  t.is(found.notice, 'Resolving "x" using unqualified-search registries (r.conf)');
});

test('resolveShortName() means docker.io where nothing is configured, and says so', (t) => {
  const found = resolve('', 'x/y');
  t.deepEqual(found.names, ['docker.io/x/y']);
  t.regex(found.notice ?? '', /docker\.io/);
});

test('resolveShortName() refuses where the list is empty on purpose', (t) => {
  const error = t.throws(() => resolve('unqualified-search-registries = []', 'x'));
  t.true(isCode(error, 'REFERENCE_INVALID'));
  t.is(error?.message, 'short-name "x" did not resolve to an alias and no unqualified-search registries are defined in "r.conf"');
});

test('resolveShortName() with "enforcing" takes one registry and refuses several', (t) => {
  t.deepEqual(resolve('short-name-mode = "enforcing"\nunqualified-search-registries = ["a.b"]', 'x').names, ['a.b/x']);
  t.true(isCode(t.throws(() => resolve('short-name-mode = "enforcing"\nunqualified-search-registries = ["a.b", "c.d"]', 'x')), 'IMAGE_AMBIGUOUS'));
  t.deepEqual(resolve('short-name-mode = "permissive"\nunqualified-search-registries = ["a.b", "c.d"]', 'x').names, ['a.b/x', 'c.d/x']);
});
