import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { parse } from 'smol-toml';
import { isCode } from '../../../src/lib/errors.ts';
import { canonicalName } from '../../../src/oci/reference.ts';
import { contentOf, mergeConf, parseConfFile } from '../../../src/registry/registries-conf-parse.ts';
import { projectRoot } from '../../helpers/world.ts';
import { loadRegistriesConf, registriesConfFiles } from '../../../src/registry/registries-conf.ts';

const read = (text: string, file = 'a.conf') => ({ file, ...parseConfFile(text, file, parse) });

test('parseConfFile() reads the example of the man page', (t) => {
  const { registries, search } = read(`
unqualified-search-registries = ["example.com"]
[[registry]]
prefix = "example.com/foo"
insecure = false
blocked = false
location = "internal-registry-for-example.com/bar"
[[registry.mirror]]
location = "example-mirror-0.local/mirror-for-foo"
[[registry.mirror]]
location = "example-mirror-1.local/mirrors/foo"
insecure = true
[[registry]]
location = "registry.com"
[[registry.mirror]]
location = "mirror.registry.com"
`);
  t.deepEqual(search, ['example.com']);
  t.deepEqual(registries, [
    {
      prefix: 'example.com/foo', location: 'internal-registry-for-example.com/bar', insecure: false, blocked: false, file: 'a.conf',
      mirrors: [
        { location: 'example-mirror-0.local/mirror-for-foo', insecure: false, serves: 'all' },
        { location: 'example-mirror-1.local/mirrors/foo', insecure: true, serves: 'all' },
      ],
    },
    { prefix: 'registry.com', location: 'registry.com', insecure: false, blocked: false, file: 'a.conf', mirrors: [{ location: 'mirror.registry.com', insecure: false, serves: 'all' }] },
  ]);
});

test('parseConfFile() reads version 1', (t) => {
  const { registries, search } = read(`
[registries.search]
registries = ['registry1.com', 'registry2.com']
[registries.insecure]
registries = ['registry3.com']
[registries.block]
registries = ['registry.untrusted.com', 'registry3.com']
`);
  t.deepEqual(search, ['registry1.com', 'registry2.com']);
  t.deepEqual(registries.map(({ prefix, insecure, blocked }) => [prefix, insecure, blocked]), [['registry3.com', true, true], ['registry.untrusted.com', false, true]]);
});

test('parseConfFile() takes mirror-by-digest-only and pull-from-mirror for what a mirror serves', (t) => {
  const serves = (registry: string, mirror: string) => read(`[[registry]]\nlocation = "a.b"\n${registry}\n[[registry.mirror]]\nlocation = "m.n"\n${mirror}`).registries[0]?.mirrors[0]?.serves;
  t.is(serves('', ''), 'all');
  t.is(serves('', 'pull-from-mirror = "all"'), 'all');
  t.is(serves('', 'pull-from-mirror = "digest-only"'), 'digest-only');
  t.is(serves('', 'pull-from-mirror = "tag-only"'), 'tag-only');
  t.is(serves('mirror-by-digest-only = true', ''), 'digest-only');
});

const wrong: Readonly<Record<string, readonly [text: string, cause: RegExp]>> = {
  'no TOML': ['[[registry', /a\.conf.*/s],
  'both versions': ['unqualified-search-registries = []\n[registries.search]\nregistries = ["a.b"]', /version 1 .* and of version 2/],
  'a table that is none': ['registry = "a.b"', /registry must be a list of tables/],
  'version 1 that is no table': ['registries = 3', /registries must be a table/],
  'no prefix and no location': ['[[registry]]\ninsecure = true', /neither prefix nor location/],
  'a prefix without location': ['[[registry]]\nprefix = "a.b"', /has no location/],
  'a URL for a location': ['[[registry]]\nlocation = "https://a.b"', /without "http:\/\/"/],
  'a URL for a mirror': ['[[registry]]\nlocation = "a.b"\n[[registry.mirror]]\nlocation = "HTTP://a.b"', /without "http:\/\/"/],
  'a mirror without location': ['[[registry]]\nlocation = "a.b"\n[[registry.mirror]]\ninsecure = true', /a mirror of "a\.b" has no location/],
  'a wildcard in the middle': ['[[registry]]\nprefix = "a.*.b"\nlocation = "c.d"', /wildcard/],
  'a wildcard with a path': ['[[registry]]\nprefix = "*.b/c"', /wildcard/],
  'a wildcard with a port': ['[[registry]]\nprefix = "*.b:5000"', /wildcard/],
  'an unknown short-name-mode': ['short-name-mode = "ask"', /short-name-mode is "ask"/],
  'an unknown pull-from-mirror': ['[[registry]]\nlocation = "a.b"\n[[registry.mirror]]\nlocation = "m"\npull-from-mirror = "x"', /pull-from-mirror is "x"/],
  'pull-from-mirror of a registry': ['[[registry]]\nlocation = "a.b"\npull-from-mirror = "all"', /is a setting of mirrors/],
  'pull-from-mirror beside mirror-by-digest-only': ['[[registry]]\nlocation = "a.b"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "m"\npull-from-mirror = "all"', /exclude each other/],
  'insecure as a string': ['[[registry]]\nlocation = "a.b"\ninsecure = "false"', /registry\.insecure must be true or false/],
  'a search registry that is none': ['unqualified-search-registries = ["foo"]', /"foo" is no registry/],
  'a search list with a number': ['unqualified-search-registries = ["a.b", 3]', /must be a list of strings/],
  'an alias with a registry': ['[aliases]\n"a.b/c" = "d.e/f"', /must be a short name/],
  'an alias with a tag': ['[aliases]\n"c:1" = "d.e/f"', /neither tag nor digest/],
  'an alias for a tag': ['[aliases]\n"c" = "d.e/f:1"', /neither tag nor digest/],
  'an alias without registry': ['[aliases]\n"c" = "f"', /names no registry/],
  'an alias in upper case': ['[aliases]\n"C" = "d.e/f"', /lowercase/],
  'an alias twice': ['[aliases]\n"c" = "d.e/f"\n"c" = "d.e/g"', /a\.conf/],
  'control characters in a location': ['[[registry]]\nlocation = "a.b\\u0000"', /is no host/],
};
for (const [name, [text, cause]] of Object.entries(wrong)) {
  test(`parseConfFile() refuses ${name}`, (t) => {
    const error = t.throws(() => read(text));
    t.true(isCode(error, 'CONFIG_INVALID', 'REFERENCE_INVALID'), String(error));
    t.regex(String(error?.message), cause);
    t.regex(String(error?.message), /a\.conf/);
  });
}

test('parseConfFile() passes over keys that it does not know', (t) => {
  t.deepEqual(read('additional-layer-store-auth-helper = "x"\n[[registry]]\nlocation = "a.b"\nnew-thing = 3').registries.length, 1);
});

test('mergeConf() puts later files over earlier ones', (t) => {
  const conf = mergeConf([
    read('unqualified-search-registries = ["a.b"]\nshort-name-mode = "enforcing"\n[[registry]]\nlocation = "x.y"\ninsecure = true\n[[registry]]\nlocation = "keep.me"\n[aliases]\nfoo = "a.b/foo"\ngone = "a.b/gone"', 'one'),
    read('unqualified-search-registries = ["c.d", "e.f"]\n[[registry]]\nlocation = "x.y"\n[aliases]\nfoo = "c.d/foo"\ngone = ""', 'two'),
    read('', 'three'),
  ]);
  t.deepEqual(conf.search, { registries: ['c.d', 'e.f'], file: 'two' });
  t.is(conf.shortNameMode, 'enforcing');
  t.deepEqual(conf.registries.map(({ prefix, insecure, file }) => [prefix, insecure, file]), [['keep.me', false, 'one'], ['x.y', false, 'two']]);
  const foo = conf.aliases.get('foo');
  t.is(foo && canonicalName(foo.target), 'c.d/foo');
  t.is(foo?.file, 'two');
  t.false(conf.aliases.has('gone'));
  t.deepEqual(conf.credentialHelpers, ['containers-auth.json']);
});

test('mergeConf() tells an empty search list from none', (t) => {
  t.is(mergeConf([read('')]).search, undefined);
  t.deepEqual(mergeConf([read('unqualified-search-registries = ["a.b"]', 'one'), read('unqualified-search-registries = []', 'two')]).search, { registries: [], file: 'two' });
});

test('mergeConf() refuses two tables of one location that disagree', (t) => {
  const conf = (a: string, b: string) => mergeConf([read(`[[registry]]\nprefix = "p.q"\nlocation = "x.y"\n${a}\n[[registry]]\nprefix = "r.s"\nlocation = "x.y"\n${b}`)]);
  t.notThrows(() => conf('insecure = true', 'insecure = true'));
  t.regex(String(t.throws(() => conf('insecure = true', ''))?.message), /disagree about insecure/);
  t.regex(String(t.throws(() => conf('blocked = true', ''))?.message), /disagree about blocked/);
});

test('mergeConf() takes aliases named like members of an object for plain names', (t) => {
  const conf = mergeConf([read('[aliases]\n"constructor" = "a.b/c"')]);
  t.true(conf.aliases.has('constructor'));
  t.false(conf.aliases.has('tostring'));
});

// The files, in a tree of one's own.
function tree(t: { teardown: (fn: () => void) => void }, ...files: string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-conf-'));
  t.teardown(() => { rmSync(dir, { recursive: true }); });
  for (const file of files) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), '');
  }
  return dir;
}
const names = (dir: string, env: Record<string, string> = {}) => registriesConfFiles({ HOME: join(dir, 'home'), ...env }, [join(dir, 'etc'), join(dir, 'usr')]).map((file) => file.slice(dir.length + 1));

test('registriesConfFiles() reads the system and both folders where the user has no file', (t) => {
  const dir = tree(t, 'etc/registries.conf', 'usr/registries.conf', 'etc/registries.conf.d/b.conf', 'etc/registries.conf.d/a.conf', 'etc/registries.conf.d/a.txt', 'usr/registries.conf.d/v.conf', 'home/.config/containers/registries.conf.d/u.conf');
  t.deepEqual(names(dir), ['etc/registries.conf', 'usr/registries.conf.d/v.conf', 'etc/registries.conf.d/a.conf', 'etc/registries.conf.d/b.conf', 'home/.config/containers/registries.conf.d/u.conf']);
});

test("registriesConfFiles() reads the user's alone where the user has a file", (t) => {
  const dir = tree(t, 'etc/registries.conf', 'etc/registries.conf.d/a.conf', 'home/.config/containers/registries.conf', 'home/.config/containers/registries.conf.d/u.conf', 'home/.cache/containers/short-name-aliases.conf');
  t.deepEqual(names(dir), ['home/.config/containers/registries.conf', 'home/.config/containers/registries.conf.d/u.conf', 'home/.cache/containers/short-name-aliases.conf']);
});

test('registriesConfFiles() obeys the variables', (t) => {
  const dir = tree(t, 'etc/registries.conf', 'etc/registries.conf.d/a.conf', 'home/.config/containers/registries.conf', 'mine.conf', 'parts/p.conf', 'xdg/containers/registries.conf.d/x.conf');
  t.deepEqual(names(dir, { CONTAINERS_REGISTRIES_CONF: join(dir, 'mine.conf') }), ['mine.conf', 'etc/registries.conf.d/a.conf']);
  t.deepEqual(names(dir, { CONTAINERS_REGISTRIES_CONF: join(dir, 'mine.conf'), CONTAINERS_REGISTRIES_CONF_DIR: join(dir, 'parts') }), ['mine.conf', 'parts/p.conf']);
  t.deepEqual(names(dir, { XDG_CONFIG_HOME: join(dir, 'xdg') }), ['etc/registries.conf', 'etc/registries.conf.d/a.conf', 'xdg/containers/registries.conf.d/x.conf']);
  t.true(isCode(t.throws(() => names(dir, { CONTAINERS_REGISTRIES_CONF: join(dir, 'missing.conf') })), 'NOT_FOUND'));
});

test('loadRegistriesConf() of no files is empty, and of a damaged one names it', async (t) => {
  t.deepEqual((await loadRegistriesConf([])).registries, []);
  const dir = tree(t, 'x.conf');
  writeFileSync(join(dir, 'x.conf'), 'a = ');
  t.regex(String((await t.throwsAsync(loadRegistriesConf([join(dir, 'x.conf')])))?.message), /x\.conf/);
});

test('contentOf() tells comments, aliases alone, and all else', (t) => {
  t.is(contentOf('# [aliases]\n\n   # unqualified-search-registries = []\n'), 'nothing');
  t.is(contentOf('# known\n[aliases]\n  # a\n  "a" = "b.c/a" # x\n'), 'aliases');
  for (const text of ['[aliases]\na = "b.c/a"\n[[registry]]\nlocation = "x.y"', 'short-name-mode = "permissive"\n[aliases]', ' [ aliases ]', '[aliases]\n  [registries.insecure]']) t.is(contentOf(text), 'tables', text);
});

test('loadRegistriesConf() without aliases reads no file that has nothing else', async (t) => {
  const dir = tree(t, 'aliases.conf', 'tables.conf');
  writeFileSync(join(dir, 'aliases.conf'), '[aliases]\nbroken = ');
  writeFileSync(join(dir, 'tables.conf'), '[[registry]]\nlocation = "a.b"\nblocked = true');
  const files = ['aliases.conf', 'tables.conf'].map((name) => join(dir, name));
  t.deepEqual((await loadRegistriesConf(files, { aliases: false })).registries.map(({ location }) => location), ['a.b']);
  await t.throwsAsync(loadRegistriesConf(files));
});

test("the README's registries.conf means what it says", (t) => {
  const text = /<<'END'\n([^]*?)\nEND\n/.exec(readFileSync(join(projectRoot(), 'README.md'), 'utf8'))?.[1] ?? '';
  const conf = mergeConf([read(text)]);
  t.deepEqual(conf.registries.map(({ prefix, insecure, blocked, mirrors }) => [prefix, insecure, blocked, mirrors.length]), [['bad.example.com', false, true, 0], ['localhost:5000', true, false, 0], ['docker.io', false, false, 1]]);
  t.true(conf.aliases.has('tools'));
});
