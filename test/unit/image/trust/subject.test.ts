import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { scopesOf, subjectText } from '../../../../src/image/trust/subject.ts';
import { normalize, parseReference } from '../../../../src/oci/reference.ts';

const docker = (name: string) => ({ transport: 'docker', reference: normalize(parseReference(name)) }) as const;
const digest = `sha256:${'b'.repeat(64)}`;

test('scopesOf() a registry image: itself, its name, namespaces, the host, its domains', (t) => {
  t.deepEqual(scopesOf(docker('busybox')), ['docker.io/library/busybox:latest', 'docker.io/library/busybox', 'docker.io/library', 'docker.io', '*.io']);
  t.deepEqual(scopesOf(docker('x.example.com:5000/a/b:1')), ['x.example.com:5000/a/b:1', 'x.example.com:5000/a/b', 'x.example.com:5000/a', 'x.example.com:5000', '*.example.com', '*.com']);
  t.deepEqual(scopesOf(docker('localhost/a')), ['localhost/a:latest', 'localhost/a', 'localhost']);
});

test('scopesOf() an image with a digest is that manifest, whatever the tag says', (t) => {
  t.is(scopesOf(docker(`a.b/c@${digest}`))[0], `a.b/c@${digest}`);
  t.is(scopesOf(docker(`a.b/c:good@${digest}`))[0], `a.b/c@${digest}`);
});

test('scopesOf() paths are absolute and without links', (t) => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'skiff-trust-')));
  t.teardown(() => { rmSync(dir, { recursive: true }); });
  mkdirSync(join(dir, 'real/image'), { recursive: true });
  symlinkSync('real', join(dir, 'link'));
  t.deepEqual(scopesOf({ transport: 'dir', path: join(dir, 'link/image') }).slice(0, 3), [join(dir, 'real/image'), join(dir, 'real'), dir]);
  t.deepEqual(scopesOf({ transport: 'oci', path: join(dir, 'link/new'), image: 'tag' }).slice(0, 2), [`${dir}/real/new:tag`, `${dir}/real/new`]);
  t.false(scopesOf({ transport: 'dir', path: dir }).includes('/'));
});

test('scopesOf() archives of Docker and standard input have none', (t) => {
  t.deepEqual(scopesOf({ transport: 'docker-archive', path: '/x' }), []);
  t.deepEqual(scopesOf({ transport: 'oci-archive', path: undefined }), []);
});

test('subjectText() writes the transport and the whole name', (t) => {
  t.is(subjectText(docker('busybox')), 'docker://docker.io/library/busybox:latest');
  t.is(subjectText({ transport: 'oci', path: '/x', image: 'y' }), 'oci:/x:y');
  t.is(subjectText({ transport: 'docker-archive', path: undefined }), 'docker-archive:-');
});
