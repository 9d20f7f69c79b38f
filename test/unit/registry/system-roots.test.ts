import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { systemRoots } from '../../../src/registry/system-roots.ts';

test('systemRoots() obeys SSL_CERT_FILE and SSL_CERT_DIR, and is never empty', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-roots-'));
  t.teardown(() => { rmSync(dir, { recursive: true }); });
  const pem = (text: string): string => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
  writeFileSync(join(dir, 'bundle.pem'), pem('bundle'));
  mkdirSync(join(dir, 'folder', 'below'), { recursive: true });
  writeFileSync(join(dir, 'folder', 'one.pem'), pem('one'));
  writeFileSync(join(dir, 'folder', 'readme'), 'no certificate');
  const texts = (env: Record<string, string>): string[] => systemRoots(env).map((bytes) => /\n(\w+)\n/.exec(bytes.toString())?.[1] ?? '');
  t.deepEqual(texts({ SSL_CERT_FILE: join(dir, 'bundle.pem'), SSL_CERT_DIR: `${join(dir, 'folder')}:${join(dir, 'absent')}` }), ['bundle', 'one']);
  t.deepEqual(texts({ SSL_CERT_FILE: join(dir, 'bundle.pem') }), ['bundle']);
  t.true(systemRoots({}).length > 0);
  t.true(systemRoots({ SSL_CERT_FILE: join(dir, 'absent') }).length > 100);
});
