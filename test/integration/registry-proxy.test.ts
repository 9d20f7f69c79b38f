/** Through a proxy, by the environment, as Go programs go. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import test from 'ava';
import { parseDigest } from '../../src/oci/ids.ts';
import { testCertificates } from '../helpers/certificates.ts';
import { startFaultRegistry } from '../helpers/fault-registry.ts';
import { startForwardProxy, startSocksProxy } from '../helpers/forward-proxy.ts';
import { makeLayer, sha256 } from '../helpers/make-archive.ts';
import { madeImage } from '../helpers/make-image.ts';
import { at, basic, bytesOf, testClient } from '../helpers/registry-client.ts';

const image = madeImage([makeLayer({ 'a.txt': 'a'.repeat(100_000) })]);
const layer = image.blobs[0] ?? Buffer.alloc(0);
const digest = parseDigest(`sha256:${sha256(layer)}`);
// Loopback is never reached through a proxy: the registry needs another name, which only the proxy knows.
const repository = at({ domain: 'registry.test' });

test('a registry with TLS: tunnelled, with the proxy\'s password, which the registry never sees', async (t) => {
  const registry = await startFaultRegistry(t, { tls: true, auth: 'basic', users: { me: 'secret' } });
  registry.put('some/name', 'latest', image);
  const proxy = await startForwardProxy(t, registry.port);
  const client = testClient(t, { tlsVerify: false, env: { HTTPS_PROXY: proxy.url }, credential: basic('me', 'secret') });
  await client.fetchManifest(repository, 'latest');
  t.true((await bytesOf((await client.fetchBlob(repository, digest)).body)).equals(layer));
  await client.uploadBlob(repository, { async *open() { yield layer; } });
  t.deepEqual([...new Set(proxy.lines)], ['CONNECT registry.test:443']);
  t.deepEqual(registry.carrying(proxy.password), []);
});

test('a registry without TLS: asked for by its whole address', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.put('some/name', 'latest', image);
  const proxy = await startForwardProxy(t, registry.port);
  const client = testClient(t, { env: { http_proxy: proxy.url } });
  // https is tried first, and without a proxy nobody knows the name.
  await client.fetchManifest(repository, 'latest');
  await client.uploadBlob(repository, { async *open() { yield layer; } });
  t.true(proxy.lines.includes('GET http://registry.test/v2/some/name/manifests/latest'), proxy.lines.join('; '));
  t.deepEqual(registry.carrying(proxy.password), []);
});

test('a proxy behind TLS shows its own certificate, for both kinds of registries', async (t) => {
  for (const tls of [true, false]) {
    const registry = await startFaultRegistry(t, { tls });
    registry.put('some/name', 'latest', image);
    const plain = await startForwardProxy(t, registry.port);
    const { key, cert, ca } = testCertificates();
    const server = createTlsServer({ key, cert }, (socket) => {
      const inner = connect(Number(new URL(plain.url).port), '127.0.0.1');
      for (const one of [socket, inner]) one.on('error', () => { socket.destroy(); inner.destroy(); });
      socket.pipe(inner).pipe(socket);
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    t.teardown(() => { server.close(); });
    const file = join(mkdtempSync(join(tmpdir(), 'proxy-')), 'ca.crt');
    t.teardown(() => { rmSync(dirname(file), { recursive: true }); });
    writeFileSync(file, ca);
    const proxy = `https://me:${plain.password}@localhost:${(server.address() as AddressInfo).port}`;
    const ask = (authority: string): Promise<unknown> => testClient(t, {
      tlsVerify: false, attempts: 1, env: { [tls ? 'HTTPS_PROXY' : 'HTTP_PROXY']: proxy, SSL_CERT_FILE: authority },
    }).fetchManifest(repository, 'latest');
    await t.notThrowsAsync(ask(file), `${tls}`);
    t.true(plain.lines.length > 0);
    t.deepEqual(registry.carrying(plain.password), []);
    await t.throwsAsync(ask('/dev/null'), undefined, 'an unknown authority');
  }
});

test('a proxy that refuses is told so', async (t) => {
  const registry = await startFaultRegistry(t, { tls: true });
  const proxy = await startForwardProxy(t, registry.port);
  const error = await t.throwsAsync(testClient(t, { tlsVerify: true, env: { HTTPS_PROXY: proxy.url.replace(proxy.password, 'wrong') } }).fetchManifest(repository, 'latest'));
  t.regex(error.message, /407/);
  t.false(error.message.includes('wrong'));
});

test('SOCKS 5: with and without TLS, with a password; the proxy resolves the name', async (t) => {
  for (const tls of [true, false]) {
    const registry = await startFaultRegistry(t, { tls });
    registry.put('some/name', 'latest', image);
    const proxy = await startSocksProxy(t, registry.port);
    const env = tls ? { HTTPS_PROXY: proxy.url } : { HTTP_PROXY: proxy.url };
    const client = testClient(t, { tlsVerify: false, attempts: 1, env });
    await client.fetchManifest(repository, 'latest');
    t.true((await bytesOf((await client.fetchBlob(repository, digest)).body)).equals(layer));
    t.deepEqual([...new Set(proxy.lines)], [`SOCKS registry.test:${tls ? 443 : 80}`]);
    const wrong = { [tls ? 'HTTPS_PROXY' : 'HTTP_PROXY']: proxy.url.replace(proxy.password, 'wrong') };
    t.regex((await t.throwsAsync(testClient(t, { tlsVerify: tls, attempts: 1, env: wrong, endpoints: () => [{ repository, insecure: !tls, serves: 'all', mirror: false }] }).fetchManifest(repository, 'latest'))).message, /refused/);
  }
});
