import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { SkiffError } from '../../../src/lib/errors.ts';
import { containersConfFiles } from '../../../src/host/config/files.ts';
import { makeConfig } from '../../../src/host/config/index.ts';
import { mergeSettings, parseUlimit, readSettings } from '../../../src/host/config/read.ts';

function tree(t: ExecutionContext, files: Record<string, string>): string {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-config-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

test('root is --root, SKIFF_ROOT, XDG_DATA_HOME, HOME, in this order', (t) => {
  const dir = tree(t, {});
  const env = { HOME: '/home/me', XDG_DATA_HOME: '/data', SKIFF_ROOT: join(dir, 'env') };
  t.is(makeConfig({ root: join(dir, 'flag') }, env, '/run/x').root, join(dir, 'flag'));
  t.is(makeConfig({}, env, '/run/x').root, join(dir, 'env'));
  t.is(makeConfig({}, { ...env, SKIFF_ROOT: '' }, '/run/x').root, '/data/skiff');
  t.is(makeConfig({}, { HOME: '/home/me', XDG_DATA_HOME: 'relative' }, '/run/x').root, '/home/me/.local/share/skiff');
});

test('root given as an empty word is refused', (t) => {
  t.is(t.throws(() => makeConfig({ root: '' }, { HOME: '/h' }, '/r').root, { instanceOf: SkiffError })?.code, 'USAGE');
});

test('a root or runroot that can neither be found nor made is refused, and nothing is made of one that can', (t) => {
  const dir = tree(t, { file: '' });
  const env = { HOME: '/h' };
  const refusal = (look: () => unknown): string => t.throws(look, { instanceOf: SkiffError })?.message ?? '';
  t.is(refusal(() => makeConfig({ root: join(dir, 'file') }, env, '/r').root), `--root "${join(dir, 'file')}": it is not a folder`);
  t.is(refusal(() => makeConfig({ runroot: join(dir, 'file', 'x') }, env, '/r').runtimeDir), `--runroot "${join(dir, 'file', 'x')}": "${join(dir, 'file')}" is not a folder`);
  // access(2) lets root try anything.
  if (process.getuid?.() !== 0) t.regex(refusal(() => makeConfig({}, { ...env, SKIFF_ROOT: '/proc/nosuch/x' }, '/r').root), /^SKIFF_ROOT "\/proc\/nosuch\/x": it does not exist and can't be made: /);
  t.is(makeConfig({ root: join(dir, 'new', 'store') }, env, '/r').root, join(dir, 'new', 'store'));
  t.false(existsSync(join(dir, 'new')));
});

test('root and runtimeDir are known though containers.conf is broken; a setting is not', (t) => {
  const dir = tree(t, { 'bad.conf': '[containers\n' });
  const config = makeConfig({ runroot: join(dir, 'other') }, { HOME: '/home/me', CONTAINERS_CONF: join(dir, 'bad.conf') }, '/run/x');
  t.is(config.root, '/home/me/.local/share/skiff');
  t.is(config.runtimeDir, join(dir, 'other'));
  const error = t.throws(() => config.pidsLimit, { instanceOf: SkiffError });
  t.is(error?.code, 'CONFIG_INVALID');
  t.regex(error?.message ?? '', /bad\.conf/);
});

test('config is frozen', (t) => {
  const config = makeConfig({}, { HOME: '/h', XDG_CONFIG_HOME: '/nowhere' }, '/r') as unknown as Record<string, unknown>;
  t.throws(() => { config['root'] = '/x'; }, { instanceOf: TypeError });
  t.throws(() => { config['pidsLimit'] = 3; }, { instanceOf: TypeError });
});

test('global options win over containers.conf', (t) => {
  const dir = tree(t, { 'c.conf': '[engine]\nruntime="runc"\ncgroup_manager="cgroupfs"\n' });
  const env = { HOME: '/h', CONTAINERS_CONF: join(dir, 'c.conf') };
  t.is(makeConfig({}, env, '/r').runtime, 'runc');
  t.is(makeConfig({}, env, '/r').cgroupManager, 'cgroupfs');
  const config = makeConfig({ runtime: '/bin/other', cgroupManager: 'disabled', runtimeFlags: ['debug'] }, env, '/r');
  t.deepEqual([config.runtime, config.cgroupManager, config.runtimeFlags], ['/bin/other', 'disabled', ['debug']]);
});

test('containersConfFiles() lists system, administrator and user files, each followed by its parts in the order of names', (t) => {
  const dir = tree(t, {
    'share/containers.conf': '', 'etc/containers.conf': '', 'etc/containers.conf.d/20-b.conf': '', 'etc/containers.conf.d/10-a.conf': '',
    'etc/containers.conf.d/note.txt': '', 'home/containers/containers.conf': '', 'home/containers/containers.conf.d/x.conf': '',
  });
  const files = containersConfFiles({ XDG_CONFIG_HOME: join(dir, 'home') }, [join(dir, 'share'), join(dir, 'etc')]);
  t.deepEqual(files.map((file) => file.slice(dir.length + 1)), [
    'share/containers.conf', 'etc/containers.conf', 'etc/containers.conf.d/10-a.conf', 'etc/containers.conf.d/20-b.conf',
    'home/containers/containers.conf', 'home/containers/containers.conf.d/x.conf',
  ]);
});

test('CONTAINERS_CONF replaces the files, CONTAINERS_CONF_OVERRIDE comes on top, and both have to exist', (t) => {
  const dir = tree(t, { 'etc/containers.conf': '', 'one.conf': '', 'over.conf': '' });
  const one = join(dir, 'one.conf');
  const over = join(dir, 'over.conf');
  const etc = join(dir, 'etc');
  t.deepEqual(containersConfFiles({ HOME: '/nowhere', CONTAINERS_CONF: one, CONTAINERS_CONF_OVERRIDE: over }, [etc]), [one, over]);
  t.deepEqual(containersConfFiles({ HOME: '/nowhere', CONTAINERS_CONF_OVERRIDE: over }, [etc]), [join(etc, 'containers.conf'), over]);
  t.regex(t.throws(() => containersConfFiles({ HOME: '/nowhere', CONTAINERS_CONF: '/not/there' }, [etc]))?.message ?? '', /CONTAINERS_CONF: "\/not\/there"/);
});

test('readSettings() lets later files win, key by key', (t) => {
  const dir = tree(t, {
    'a.conf': '[containers]\npids_limit = 5\nlog_driver = "journald"\n[engine.runtimes]\ncrun = ["/a"]\n',
    'b.conf': '# nothing\n\n   # but comments\n',
    'c.conf': '[containers]\npids_limit = 7 # seven\n[engine.runtimes]\nrunc = ["/b"]\n',
  });
  const settings = readSettings(['a', 'b', 'c'].map((name) => join(dir, `${name}.conf`)));
  t.is(settings.pidsLimit, 7);
  t.is(settings.logDriver, 'journald');
  t.deepEqual(settings.runtimes, { crun: ['/a'], runc: ['/b'] });
  t.is(settings.seccompProfile, undefined);
  t.is(settings.cgroupManager, 'auto');
});

test('mergeSettings() replaces lists, and appends to them where the list says {append=true}', (t) => {
  const first = mergeSettings({}, '[containers]\nenv = ["A=1"]\ndns_servers = ["1.1.1.1"]\n', 'a');
  const second = mergeSettings(first, '[containers]\nenv = ["B=2", {append=true}]\ndns_servers = ["9.9.9.9"]\n', 'b');
  t.deepEqual(second.env, ['A=1', 'B=2']);
  t.deepEqual(second.dnsServers, ['9.9.9.9']);
});

test('mergeSettings() keeps lines beginning with # inside multi-line strings', (t) => {
  t.is(mergeSettings({}, '[containers]\nlog_tag = """\n# no comment\n"""\n', 'a').logTag, '# no comment\n');
});

test('mergeSettings() reads sizes as numbers and as text', (t) => {
  t.is(mergeSettings({}, '[containers]\nshm_size = "65536k"\n', 'a').shmSizeBytes, 67_108_864);
  t.is(mergeSettings({}, '[containers]\nshm_size = 4096\n', 'a').shmSizeBytes, 4096);
});

test('mergeSettings() names file and key of a value of the wrong type', (t) => {
  const wrong: [string, RegExp][] = [
    ['[containers]\npids_limit = "many"\n', /"f": containers\.pids_limit must be a whole number/],
    ['[containers]\nenv = "A=1"\n', /"f": containers\.env must be a list of strings/],
    ['[containers]\nenv = [1]\n', /"f": containers\.env must be a list/],
    ['[containers]\ninit = 1\n', /"f": containers\.init must be true or false/],
    ['[engine]\nruntime = []\n', /"f": engine\.runtime must be a string/],
    ['[engine]\nruntimes = ["x"]\n', /"f": engine\.runtimes must be a table/],
    ['containers = 1\n', /"f": containers must be a table/],
    ['[containers]\nshm_size = "a lot"\n', /"f": containers\.shm_size: invalid size/],
  ];
  for (const [text, message] of wrong) {
    const error = t.throws(() => mergeSettings({}, text, 'f'), { instanceOf: SkiffError });
    t.is(error?.code, 'CONFIG_INVALID');
    t.regex(error?.message ?? '', message);
  }
});

test('mergeSettings() passes over keys that it does not know', (t) => {
  t.deepEqual(mergeSettings({}, '[machine]\ncpus=1\n[containers]\nnew_thing = {x=1}\n', 'f'), {});
});

test('parseUlimit() reads one value for both, and refuses other text', (t) => {
  t.deepEqual(parseUlimit('nofile=1024:2048'), { type: 'nofile', soft: 1024, hard: 2048 });
  t.deepEqual(parseUlimit('core=-1'), { type: 'core', soft: -1, hard: -1 });
  t.throws(() => parseUlimit('nofile'), { message: /NAME=SOFT:HARD/ });
});

test('mountProgram is read from --storage-opt; any other option is refused', (t) => {
  const of = (...storageOpts: string[]): string | undefined => makeConfig({ storageOpts }, { HOME: '/h' }, '/r').mountProgram;
  t.is(of(), undefined);
  for (const name of ['mount_program', 'overlay.mount_program', 'overlay2.mount_program', '.mount_program']) t.is(of(`${name}=/usr/bin/fuse-overlayfs`), '/usr/bin/fuse-overlayfs');
  t.is(of('overlay.mount_program=/a', 'overlay.mount_program='), undefined);
  t.is(t.throws(() => of('overlay.size=1g'), { instanceOf: SkiffError })?.code, 'UNSUPPORTED');
});
