import test from 'ava';
import { parse } from 'smol-toml';
import { isCode } from '../../../src/lib/errors.ts';
import { normalize, parseReference } from '../../../src/oci/reference.ts';
import { endpointsOf } from '../../../src/registry/endpoints.ts';
import type { RegistriesConf } from '../../../src/registry/registries-conf-parse.ts';
import { mergeConf, parseConfFile } from '../../../src/registry/registries-conf-parse.ts';

const conf = (text: string): RegistriesConf => mergeConf([{ file: 'r.conf', ...parseConfFile(text, 'r.conf', parse) }]);
/** "host/path", with "!" for insecure and the mirror's duty. */
const places = (text: string, name: string): string[] => {
  const { domain, path } = normalize(parseReference(name));
  return endpointsOf(conf(text), { domain, path }).map(({ repository, insecure, serves, mirror }) =>
    `${repository.domain}/${repository.path}${insecure ? ' !' : ''}${mirror ? ` mirror ${serves}` : ''}`);
};

test('endpointsOf() without tables is the name itself', (t) => {
  t.deepEqual(places('', 'busybox'), ['docker.io/library/busybox']);
});

const table: readonly [what: string, text: string, name: string, want: readonly string[]][] = [
  ['the example of the man page', '[[registry]]\nprefix = "example.com/foo"\nlocation = "internal.net/bar"\n[[registry.mirror]]\nlocation = "m0.local/mirror-for-foo"\n[[registry.mirror]]\nlocation = "m1.local/mirrors/foo"\ninsecure = true',
    'example.com/foo/image', ['m0.local/mirror-for-foo/image mirror all', 'm1.local/mirrors/foo/image ! mirror all', 'internal.net/bar/image']],
  ['another namespace', '[[registry]]\nprefix = "example.com/foo"\nlocation = "internal.net/bar"', 'example.com/other/image', ['example.com/other/image']],
  ['a name that only begins like the prefix', '[[registry]]\nprefix = "example.com/foo"\nlocation = "internal.net/bar"', 'example.com/foobar', ['example.com/foobar']],
  ['the prefix itself', '[[registry]]\nprefix = "example.com/foo"\nlocation = "internal.net/bar"', 'example.com/foo', ['internal.net/bar']],
  ['a host with a port is another host', '[[registry]]\nlocation = "example.com"\ninsecure = true', 'example.com:5000/x', ['example.com:5000/x']],
  ['insecure', '[[registry]]\nlocation = "localhost:5000"\ninsecure = true', 'localhost:5000/x', ['localhost:5000/x !']],
  ['the longest prefix wins, in any order', '[[registry]]\nprefix = "a.b/c/d"\nlocation = "long.x"\n[[registry]]\nprefix = "a.b"\nlocation = "short.x"', 'a.b/c/d/e', ['long.x/e']],
  ['a wildcard with location', '[[registry]]\nprefix = "*.example.com"\nlocation = "one.net/all"', 'x.y.example.com/foo', ['one.net/all/foo']],
  ['a wildcard without location', '[[registry]]\nprefix = "*.example.com"\ninsecure = true', 'x.example.com/foo', ['x.example.com/foo !']],
  ['a wildcard is not the domain itself', '[[registry]]\nprefix = "*.example.com"\ninsecure = true', 'example.com/foo', ['example.com/foo']],
  ['a wildcard is no end of a label', '[[registry]]\nprefix = "*.example.com"\ninsecure = true', 'badexample.com/foo', ['badexample.com/foo']],
  ['a wildcard and a port', '[[registry]]\nprefix = "*.example.com"\ninsecure = true', 'x.example.com:5000/foo', ['x.example.com:5000/foo !']],
  ['docker.io/library explicitly', '[[registry]]\nprefix = "docker.io/library"\nlocation = "hub.local/lib"', 'busybox', ['hub.local/lib/busybox']],
  ['docker.io as a whole', '[[registry]]\nprefix = "docker.io"\nlocation = "hub.local"', 'busybox', ['hub.local/library/busybox']],
  ["a place does not inherit the insecure of its own table", '[[registry]]\nprefix = "a.b"\nlocation = "localhost:5000/x"\n[[registry.mirror]]\nlocation = "localhost:5001"\n[[registry]]\nlocation = "localhost:5000"\ninsecure = true\n[[registry]]\nlocation = "localhost:5001"\ninsecure = true',
    'a.b/c', ['localhost:5001/c mirror all', 'localhost:5000/x/c']],
  ['a blocked mirror is left out', '[[registry]]\nlocation = "a.b"\n[[registry.mirror]]\nlocation = "c.d"\n[[registry.mirror]]\nlocation = "e.f"\npull-from-mirror = "digest-only"\n[[registry]]\nlocation = "c.d"\nblocked = true',
    'a.b/x', ['e.f/x mirror digest-only', 'a.b/x']],
  ['slashes at the end', '[[registry]]\nprefix = "a.b/c/"\nlocation = "d.e/f/"', 'a.b/c/x', ['d.e/f/x']],
  ['a tagged prefix of another name', '[[registry]]\nprefix = "a.b/other:1"\nlocation = "c.d/e:1"', 'a.b/x', ['a.b/x']],
];
for (const [what, text, name, want] of table) test(`endpointsOf(): ${what}`, (t) => { t.deepEqual(places(text, name), [...want]); });

test('endpointsOf() refuses a blocked registry and names the file', (t) => {
  for (const text of ['[[registry]]\nlocation = "a.b"\nblocked = true', '[[registry]]\nprefix = "*.b"\nblocked = true', '[[registry]]\nprefix = "a.b/x"\nlocation = "c.d/y"\n[[registry]]\nlocation = "c.d"\nblocked = true']) {
    const error = t.throws(() => places(text, 'a.b/x'));
    t.true(isCode(error, 'REGISTRY_BLOCKED'), text);
    t.regex(String(error?.message), /^registry (?:a\.b|\*\.b|c\.d) is blocked in r\.conf$/);
  }
});

test('endpointsOf() refuses what would pass over a rule for one tag', (t) => {
  const error = t.throws(() => places('[[registry]]\nprefix = "a.b/x:evil"\nlocation = "a.b/x:evil"\nblocked = true', 'a.b/x'));
  t.true(isCode(error, 'UNSUPPORTED'), String(error));
});

test('endpointsOf() refuses a location that makes no name', (t) => {
  for (const location of ['nodots', 'c.d:port/x', 'c.d/UPPER', 'c.d/a:1']) {
    const error = t.throws(() => places(`[[registry]]\nprefix = "a.b/x"\nlocation = "${location}"`, 'a.b/x'));
    t.true(isCode(error, 'CONFIG_INVALID'), location);
    t.regex(String(error?.message), /r\.conf/);
  }
});

test('endpointsOf() a host itself is not rewritten', (t) => {
  const text = '[[registry]]\nprefix = "a.b"\nlocation = "c.d"\ninsecure = true\n[[registry.mirror]]\nlocation = "e.f"';
  t.deepEqual(endpointsOf(conf(text), { domain: 'a.b', path: '' }), [{ repository: { domain: 'a.b', path: '' }, insecure: true, serves: 'all', mirror: false }]);
  t.true(isCode(t.throws(() => endpointsOf(conf('[[registry]]\nlocation = "a.b"\nblocked = true'), { domain: 'a.b', path: '' })), 'REGISTRY_BLOCKED'));
});
