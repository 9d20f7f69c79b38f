import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test from 'ava';
import { annotations, collectEnv, envLine, keyValues, labels, readLines } from '../../../../../src/cli/commands/container/_env.ts';
import { parseMount, parseTmpfs, parseVolume, parseVolumesFrom } from '../../../../../src/cli/commands/container/_mounts.ts';
import { parseIpc, parseNamespace, parseUserns } from '../../../../../src/cli/commands/container/_namespaces.ts';

test('parseVolume() tells paths, volumes and anonymous volumes apart', (t) => {
  t.deepEqual(parseVolume('/a:/b:ro,rshared'), { kind: 'bind', source: '/a', destination: '/b', readOnly: true, options: ['rshared'] });
  t.deepEqual(parseVolume('./a:/b'), { kind: 'bind', source: resolve('a'), destination: '/b', readOnly: false, options: [] });
  t.deepEqual(parseVolume('.:/b'), { kind: 'bind', source: resolve('.'), destination: '/b', readOnly: false, options: [] });
  t.deepEqual(parseVolume('name:/b'), { kind: 'volume', name: 'name', destination: '/b', readOnly: false, options: [] });
  t.deepEqual(parseVolume('/b'), { kind: 'volume', name: '', destination: '/b', readOnly: false, options: [] });
});

test('parseVolume() refuses what makes no sense', (t) => {
  for (const text of ['', ':/b', '/a:', '/a:/b:ro:x']) t.throws(() => parseVolume(text), { code: 'USAGE' }, text);
});

test('parseVolume(), parseTmpfs() and parseMount() take one of a group that excludes each other', (t) => {
  for (const options of ['rw,ro', 'ro,ro', 'z,Z', 'exec,noexec', 'rshared,rslave', 'bind,rbind', '']) t.throws(() => parseVolume(`/a:/b:${options}`), { code: 'USAGE', message: /^invalid option/ }, options);
  t.throws(() => parseTmpfs('/t:rw,ro'), { code: 'USAGE' });
  for (const options of ['ro,rw', 'ro=maybe']) t.throws(() => parseMount(`type=bind,src=/a,dst=/b,${options}`), { code: 'USAGE' }, options);
  t.throws(() => parseVolumesFrom('c:ro,rw'), { code: 'USAGE' });
});

test('labels() and annotations() refuse what has no name, or no value', (t) => {
  t.deepEqual(labels(['a', 'b=c']), { a: '', b: 'c' });
  for (const line of ['', '=a']) t.throws(() => labels([line]), { code: 'USAGE' });
  t.throws(() => annotations(['a']), { code: 'USAGE' });
});

test('parseMount() knows the types and their words', (t) => {
  t.deepEqual(parseMount('type=bind,src=/a,target=/b,readonly,bind-propagation=rslave'), { kind: 'bind', source: '/a', destination: '/b', readOnly: true, options: ['rslave'] });
  t.deepEqual(parseMount('type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=700,ro=false'), { kind: 'tmpfs', destination: '/t', readOnly: false, options: ['size=1m', 'mode=700'] });
  t.deepEqual(parseMount('type=volume,destination=/v'), { kind: 'volume', name: '', destination: '/v', readOnly: false, options: [] });
  t.deepEqual(parseMount('source=n,destination=/v'), { kind: 'volume', name: 'n', destination: '/v', readOnly: false, options: [] });
});

test('parseMount() refuses unknown types and missing parts', (t) => {
  for (const text of ['type=bind,dst=/b', 'type=bind,src=/a', 'type=glob,src=/a,dst=/b', 'type=tmpfs,src=/a,dst=/b', 'type=bind,src=/a,dst=/b,size=3', 'type=bind,src=/a,dst=/b,foo=bar']) {
    t.throws(() => parseMount(text), { code: 'USAGE' }, text);
  }
});

test('parseTmpfs() and parseVolumesFrom() read their options', (t) => {
  t.deepEqual(parseTmpfs('/t:size=1m,ro'), { kind: 'tmpfs', destination: '/t', readOnly: true, options: ['size=1m'] });
  t.deepEqual(parseVolumesFrom('c:ro'), { container: 'c', readOnly: true });
  t.throws(() => parseVolumesFrom('c:x'), { code: 'USAGE' });
});

test('parseNamespace() and parseIpc() know their modes', (t) => {
  t.deepEqual(parseNamespace('pid', undefined), { kind: 'private' });
  t.deepEqual(parseNamespace('pid', 'container:x'), { kind: 'container', container: 'x' });
  t.deepEqual(parseNamespace('pid', 'ns:/p'), { kind: 'path', path: '/p' });
  t.deepEqual(parseIpc(undefined), { kind: 'shareable' });
  t.deepEqual(parseIpc('none'), { kind: 'none' });
  for (const text of ['x', 'container:', 'ns:']) t.throws(() => parseNamespace('pid', text), { code: 'USAGE' }, text);
});

test('parseUserns() reads keep-id with ids and refuses the rest', (t) => {
  t.deepEqual(parseUserns('keep-id:uid=5,gid=6'), { kind: 'keep-id', uid: 5, gid: 6 });
  t.deepEqual(parseUserns('keep-id'), { kind: 'keep-id' });
  t.throws(() => parseUserns('auto'), { code: 'UNSUPPORTED' });
  t.throws(() => parseUserns('keep-id:x=1'), { code: 'USAGE' });
  t.throws(() => parseUserns('nonsense'), { code: 'USAGE' });
});

test('envLine() takes values from the host where none is given', (t) => {
  const host = { A: 'host', AB: '2', B: '' };
  t.deepEqual(envLine('X=1=2', host), ['X=1=2']);
  t.deepEqual(envLine('A', host), ['A=host']);
  t.deepEqual(envLine('B', host), ['B=']);
  t.deepEqual(envLine('NONE', host), []);
  t.deepEqual(envLine('A*', host), ['A=host', 'AB=2']);
  t.throws(() => envLine('=x', host), { code: 'USAGE' });
});

test('collectEnv() orders host, proxies, files and words', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'env-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'env');
  writeFileSync(file, '# a comment\nF=1\r\n\n  G=2\nHOSTVAR\n');
  t.deepEqual(collectEnv({ host: false, proxy: true, files: [file], lines: ['E=3'] }, { http_proxy: 'p', HOSTVAR: 'h' }), ['http_proxy=p', 'F=1', 'G=2', 'HOSTVAR=h', 'E=3']);
  t.throws(() => readLines(join(dir, 'none'), 'env-file'), { code: 'NOT_FOUND' });
});

test('keyValues() gives a key without value an empty one', (t) => {
  t.deepEqual(keyValues(['a=b=c', 'd']), { a: 'b=c', d: '' });
});
