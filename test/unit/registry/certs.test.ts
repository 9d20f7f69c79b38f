import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { isCode } from '../../../src/lib/errors.ts';
import { registryCerts } from '../../../src/registry/certs.ts';

const pem = (what: string): string => `-----BEGIN CERTIFICATE-----\n${what}\n-----END CERTIFICATE-----\n`;

function folders(t: ExecutionContext, files: readonly string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-certs-'));
  t.teardown(() => { rmSync(dir, { recursive: true }); });
  for (const file of files) {
    mkdirSync(join(dir, file, '..'), { recursive: true });
    writeFileSync(join(dir, file), pem(file), { mode: 0o600 });
  }
  return dir;
}

test('registryCerts() reads authorities and a pair of the first folder that there is', (t) => {
  const dir = folders(t, ['two/a.b:5000/ca.crt', 'two/a.b:5000/more.crt', 'two/a.b:5000/client.cert', 'two/a.b:5000/client.key', 'two/a.b:5000/README', 'three/a.b:5000/other.crt']);
  const certs = registryCerts('a.b:5000', undefined, ['one', 'two', 'three'].map((name) => join(dir, name)));
  t.deepEqual(certs.ca?.map(String), [pem('two/a.b:5000/ca.crt'), pem('two/a.b:5000/more.crt')]);
  t.is(String(certs.cert), pem('two/a.b:5000/client.cert'));
  t.is(String(certs.key), pem('two/a.b:5000/client.key'));
  t.deepEqual(registryCerts('a.b', undefined, [join(dir, 'two')]), {});
});

test('registryCerts() of --cert-dir is for every registry', (t) => {
  const dir = folders(t, ['x/ca.crt']);
  t.deepEqual(registryCerts('any.where', join(dir, 'x'), []).ca?.map(String), [pem('x/ca.crt')]);
  t.true(isCode(t.throws(() => registryCerts('any.where', join(dir, 'missing'), [])), 'NOT_FOUND'));
});

test('registryCerts() refuses half a pair and says which half is missing', (t) => {
  const dir = folders(t, ['c/client.cert', 'k/client.key', 'm/a.cert', 'm/b.key']);
  for (const [name, missing] of [['c', /missing key client\.key/], ['k', /missing client certificate client\.cert/], ['m', /missing key a\.key/]] as const) {
    const error = t.throws(() => registryCerts('x', join(dir, name), []));
    t.true(isCode(error, 'CONFIG_INVALID'));
    t.regex(String(error?.message), missing);
  }
});

test('registryCerts() refuses what is no PEM', (t) => {
  const dir = folders(t, ['x/ca.crt']);
  writeFileSync(join(dir, 'x/ca.crt'), Buffer.from([0x30, 0x82, 1, 2]));
  t.true(isCode(t.throws(() => registryCerts('x', join(dir, 'x'), [])), 'CONFIG_INVALID'));
});

test('registryCerts() looks for no folder outside', (t) => {
  const dir = folders(t, ['secret/ca.crt', 'certs.d/x/ca.crt']);
  for (const domain of ['../secret', '..', '.', 'x/../../secret']) t.deepEqual(registryCerts(domain, undefined, [join(dir, 'certs.d')]), {}, domain);
});
