/** Class L: who gets to see a credential, a token, a client's certificate. Every test names the secret and looks where it arrived. */
import test from 'ava';
import { parseDigest } from '../../src/oci/ids.ts';
import type { ClientOptions } from '../../src/registry/index.ts';
import { testCertificates } from '../helpers/certificates.ts';
import { startFaultRegistry, type FaultRegistry } from '../helpers/fault-registry.ts';
import { bend, redirect, send, status } from '../helpers/faults.ts';
import { makeLayer, sha256 } from '../helpers/make-archive.ts';
import { madeImage } from '../helpers/make-image.ts';
import { at, basic, bytesOf, testClient } from '../helpers/registry-client.ts';
import { makeWorld } from '../helpers/world.ts';

const image = madeImage([makeLayer({ 'a.txt': 'a'.repeat(10_000) })]);
const layer = image.blobs[0] ?? Buffer.alloc(0);
const digest = parseDigest(`sha256:${sha256(layer)}`);
const secret = 'hunter2-the-secret';
const users = { me: secret };

/** TLS is verified: these are no insecure registries. */
function verified(...registries: FaultRegistry[]): Partial<ClientOptions> {
  return { tlsVerify: true, certs: () => ({ ca: registries.flatMap(({ ca }) => (ca === undefined ? [] : [Buffer.from(ca)])) }) };
}

function tokensSeenBy(registry: FaultRegistry): (string | undefined)[] {
  return registry.requests.map(({ headers }) => headers.authorization).filter((header) => header !== undefined);
}

test('bearer: anonymous first, one token for many at once, none asked for twice', async (t) => {
  const registry = await startFaultRegistry(t, { tls: true, auth: 'bearer', anonymousPull: true });
  registry.put('some/name', 'latest', image);
  const client = testClient(t, verified(registry));
  await client.fetchManifest(at(registry), 'latest');
  t.deepEqual(registry.requests.map(({ line }) => line.replace(/\?.*/, '')), ['GET /v2/some/name/manifests/latest', 'GET /token', 'GET /v2/some/name/manifests/latest']);
  await Promise.all(Array.from({ length: 20 }, async () => bytesOf((await client.fetchBlob(at(registry), digest)).body)));
  t.is(registry.count(/\/token/), 1);
  t.is(registry.count(/\/blobs\//), 20);
  // Another client, many at once before anything is known.
  registry.requests.length = 0;
  const other = testClient(t, verified(registry));
  await Promise.all(Array.from({ length: 20 }, async () => bytesOf((await other.fetchBlob(at(registry), digest)).body)));
  t.is(registry.count(/\/token/), 1);
});

test('bearer: a token that has expired is replaced, one that is refused too', async (t) => {
  const registry = await startFaultRegistry(t, { tls: true, auth: 'bearer', anonymousPull: true, expiresIn: 3600 });
  registry.put('some/name', 'latest', image);
  const client = testClient(t, verified(registry));
  await client.fetchManifest(at(registry), 'latest');
  // An hour passes for both: one that ended by itself could do so too soon on a slow machine.
  for (const token of registry.tokens.values()) token.expiresAt = 0;
  const { hrtime } = process;
  process.hrtime = Object.assign((): [number, number] => { const [seconds, rest] = hrtime(); return [seconds + 3600, rest]; }, { bigint: hrtime.bigint });
  t.teardown(() => { process.hrtime = hrtime; });
  await client.fetchManifest(at(registry), 'latest');
  t.is(registry.count(/\/token/), 2);
  t.is(registry.count(/\/manifests\//), 3);
  registry.tokens.clear();
  await client.fetchManifest(at(registry), 'latest');
  t.is(registry.count(/\/token/), 3);
});

test('bearer: a password by GET, an identity token by POST; a push asks for push', async (t) => {
  const registry = await startFaultRegistry(t, { tls: true, auth: 'bearer', users, identityTokens: [secret] });
  registry.put('some/name', 'latest', image);
  for (const credential of [{ kind: 'basic', username: 'me', password: secret }, { kind: 'identity', token: secret }] as const) {
    registry.requests.length = 0;
    const client = testClient(t, { ...verified(registry), credential: () => Promise.resolve(credential) });
    t.is((await client.fetchManifest(at(registry), 'latest')).digest as string, image.digest);
    await client.uploadBlob(at(registry), { async *open() { yield layer; } });
    // Tokens and the password itself: none of it in a URL.
    t.true(registry.requests.every(({ line }) => !line.includes(secret)));
    t.is(registry.carrying(secret).length, 2);
    t.true(registry.carrying(secret).every(({ line }) => /^(GET|POST) \/token/.test(line)));
  }
});

test('a wrong password ends in REGISTRY_UNAUTHORIZED with a hint, after few requests', async (t) => {
  for (const auth of ['basic', 'bearer'] as const) {
    const registry = await startFaultRegistry(t, { tls: true, auth, users });
    registry.put('some/name', 'latest', image);
    for (const credential of [basic('me', 'wrong'), () => Promise.resolve(undefined)]) {
      registry.requests.length = 0;
      const error = await t.throwsAsync(testClient(t, { ...verified(registry), credential }).fetchManifest(at(registry), 'latest'));
      t.is((error as { code?: string }).code, 'REGISTRY_UNAUTHORIZED');
      t.regex((error as { hint?: string }).hint ?? '', /skiff login localhost/);
      t.true(registry.requests.length <= 3, registry.requests.map(({ line }) => line).join('; '));
    }
  }
});

test('a loop of 401 ends', async (t) => {
  const registry = await startFaultRegistry(t, { tls: true, auth: 'bearer', users });
  let count = 0;
  registry.on(/manifests/, (exchange) => { send(exchange, { status: 401, headers: { 'www-authenticate': `Bearer realm="${registry.url}/token?${count++}",service="s"` }, body: Buffer.alloc(0) }); });
  await t.throwsAsync(testClient(t, { ...verified(registry), credential: basic('me', secret) }).fetchManifest(at(registry), 'latest'));
  t.true(registry.requests.length < 10);
});

test('a token server that answers nonsense is refused, within bounds', async (t) => {
  const registry = await startFaultRegistry(t, { tls: true, auth: 'bearer', anonymousPull: true });
  registry.put('some/name', 'latest', image);
  for (const [body, message] of [
    ['{"token":""}', /no usable token/], ['{"token":"a\\nb"}', /no usable token/], ['{"token":5}', /"token" is not a string/], ['[]', /not a JSON object/], ['<html>', /not valid JSON/], ['the-token', /not valid JSON/],
    ['{}', /no usable token/], [`{"token":"${'x'.repeat(2 * 1024 * 1024)}"}`, /larger than 1048576 bytes/], ['['.repeat(100_000), /nested deeper/],
  ] as const) {
    const undo = registry.on(/\/token/, (exchange) => { send(exchange, { status: 200, headers: {}, body: Buffer.from(body) }); });
    const error = await t.throwsAsync(testClient(t, verified(registry)).fetchManifest(at(registry), 'latest'), { message });
    t.is((error as { code?: string }).code, 'REGISTRY_FAILED');
    // At --log-level debug the causes are printed as well.
    for (let at: unknown = error; at instanceof Error; at = at.cause) t.notRegex(at.message, /the-token/);
    undo();
  }
  registry.on(/\/token/, bend((answer) => ({ ...answer, body: Buffer.from(JSON.stringify({ ...JSON.parse(answer.body.toString()) as object, expires_in: 'soon', issued_at: 7 })) })));
  await t.notThrowsAsync(testClient(t, verified(registry)).fetchManifest(at(registry), 'latest'));
});

test('of several challenges, on one line or on several, the token is chosen; a line that is broken hides no other', async (t) => {
  const registry = await startFaultRegistry(t, { tls: true, auth: 'bearer', anonymousPull: true });
  registry.put('some/name', 'latest', image);
  const bearer = `Bearer realm="${registry.url}/token",service="s"`;
  for (const lines of [[`Basic realm="x", ${bearer}`], [`${bearer}, Basic realm="x"`], ['Negotiate', 'Basic realm="x"', bearer], ['Bearer realm="broken', bearer]]) {
    registry.on(/manifests/, ({ response }) => { response.writeHead(401, { 'www-authenticate': lines }).end(); }, 1);
    t.is((await testClient(t, verified(registry)).fetchManifest(at(registry), 'latest')).digest as string, image.digest);
  }
});

test('login: resolves for the right credential only', async (t) => {
  for (const auth of ['basic', 'bearer'] as const) {
    const registry = await startFaultRegistry(t, { tls: true, auth, users });
    // The specification's ping: asks for a token without a scope.
    registry.on(/GET \/v2\/$/, async (exchange) => {
      const { authorization = '' } = exchange.request.headers;
      const isKnown = auth === 'basic' ? authorization !== '' : registry.tokens.has(authorization.replace('Bearer ', ''));
      if (auth === 'basic' || isKnown) send(exchange, await exchange.answer());
      else send(exchange, { status: 401, headers: { 'www-authenticate': `Bearer realm="${registry.url}/token",service="s"` }, body: Buffer.alloc(0) });
    });
    const client = testClient(t, verified(registry));
    await t.notThrowsAsync(client.login(registry.domain, { kind: 'basic', username: 'me', password: secret }));
    t.is(((await t.throwsAsync(testClient(t, verified(registry)).login(registry.domain, { kind: 'basic', username: 'me', password: 'wrong' }))) as { code?: string }).code, 'REGISTRY_UNAUTHORIZED');
  }
});

test('CVE-2020-15157: a redirect to another host, port or scheme carries no Authorization, and its 401 gets no answer', async (t) => {
  for (const auth of ['basic', 'bearer'] as const) {
    const [registry, store] = [await startFaultRegistry(t, { tls: true, auth, users }), await startFaultRegistry(t, { tls: true })];
    for (const one of [registry, store]) one.put('some/name', 'latest', image);
    registry.on(/GET .*\/blobs\//, redirect(`${store.url}/v2/some/name/blobs/${digest}?signature=s`));
    const client = testClient(t, { ...verified(registry, store), credential: basic('me', secret) });
    await client.fetchManifest(at(registry), 'latest');
    const blob = await client.fetchBlob(at(registry), digest, 100);
    // The range goes along, the secret doesn't.
    t.is(blob.offset, 100);
    t.true((await bytesOf(blob.body)).equals(layer.subarray(100)));
    t.deepEqual(tokensSeenBy(store), []);
    store.on(/blobs/, status(401, { headers: { 'www-authenticate': `Basic realm="give it to me"` } }));
    const before = store.requests.length;
    const error = await t.throwsAsync(client.fetchBlob(at(registry), digest));
    t.is((error as { code?: string }).code, 'REGISTRY_UNAUTHORIZED');
    t.is(store.requests.length, before + 1);
    store.on(/blobs/, status(401, { headers: { 'www-authenticate': `Bearer realm="${store.url}/token",service="s"` } }));
    await t.throwsAsync(client.fetchBlob(at(registry), digest));
    t.is(store.count(/token/), 0);
    t.deepEqual(store.carrying(secret), []);
    t.deepEqual(tokensSeenBy(store), []);
  }
});

test('a client\'s certificate is shown to its registry, and to nobody it redirects to or names', async (t) => {
  const [tokenServer, store] = [await startFaultRegistry(t, { tls: true, anonymousPull: true }), await startFaultRegistry(t, { tls: true })];
  const registry = await startFaultRegistry(t, { tls: true, auth: 'bearer', tokenServer });
  for (const one of [registry, store]) one.put('some/name', 'latest', image);
  registry.on(/GET .*\/blobs\//, redirect(`${store.url}/v2/some/name/blobs/${digest}`));
  const { clientCert, clientKey } = testCertificates();
  const client = testClient(t, { tlsVerify: true, certs: () => ({ ca: [Buffer.from(registry.ca ?? '')], cert: Buffer.from(clientCert), key: Buffer.from(clientKey) }) });
  await client.fetchManifest(at(registry), 'latest');
  await bytesOf((await client.fetchBlob(at(registry), digest)).body);
  const shown = [registry, tokenServer, store].map((one) => [...new Set(one.requests.map(({ hasCertificate }) => hasCertificate))]);
  t.deepEqual(shown, [[true], [false], [false]]);
});

test('CVE-2020-15157: the question whether an insecure registry speaks TLS, redirected, lets nobody else choose the token server', async (t) => {
  const [registry, other] = [await startFaultRegistry(t, { tls: true, users }), await startFaultRegistry(t, { tls: true, auth: 'bearer', users })];
  registry.put('some/name', 'latest', image);
  registry.on(/GET \/v2\/$/, redirect(`${other.url}/v2/`));
  await testClient(t, { credential: basic('me', secret) }).fetchManifest(at(registry), 'latest');
  t.true(other.requests.length > 0);
  t.deepEqual(other.carrying(secret), []);
});

test('a redirect that leads away and back brings no secret home', async (t) => {
  const [registry, other] = [await startFaultRegistry(t, { tls: true, auth: 'basic', users }), await startFaultRegistry(t, { tls: true })];
  registry.put('some/name', 'latest', image);
  const client = testClient(t, { ...verified(registry, other), credential: basic('me', secret) });
  await client.fetchManifest(at(registry), 'latest');
  registry.on(/GET .*\/blobs\//, redirect(`${other.url}/away`));
  other.on(/away/, redirect(`${registry.url}/v2/private/blobs/${digest}`));
  registry.on(/private/, (exchange) => { send(exchange, { status: 200, headers: {}, body: Buffer.from(exchange.request.headers.authorization ?? 'nobody') }); });
  t.is((await bytesOf((await client.fetchBlob(at(registry), digest)).body)).toString(), 'nobody');
});

test('a redirect within the registry keeps the secret, and redirects end', async (t) => {
  const registry = await startFaultRegistry(t, { tls: true, auth: 'basic', users });
  registry.put('some/name', 'latest', image);
  registry.on(/GET .*\/blobs\//, redirect(`/v2/other/blobs/${digest}`), 1);
  const client = testClient(t, { ...verified(registry), credential: basic('me', secret) });
  await client.fetchManifest(at(registry), 'latest');
  t.true((await bytesOf((await client.fetchBlob(at(registry), digest)).body)).equals(layer));
  registry.requests.length = 0;
  registry.on(/GET .*\/blobs\//, redirect(({ url }) => `${url.pathname}?again`));
  t.regex((await t.throwsAsync(client.fetchBlob(at(registry), digest))).message, /more than 10 redirects/);
  t.is(registry.requests.length, 11);
});

test('a redirect or a location from https to http is refused', async (t) => {
  const [registry, plain] = [await startFaultRegistry(t, { tls: true, auth: 'basic', users }), await startFaultRegistry(t)];
  for (const one of [registry, plain]) one.put('some/name', 'latest', image);
  const client = testClient(t, { ...verified(registry), credential: basic('me', secret) });
  registry.on(/GET .*\/blobs\//, redirect(`${plain.url}/v2/some/name/blobs/${digest}`));
  t.regex((await t.throwsAsync(client.fetchBlob(at(registry), digest))).message, /redirect from https to http.* refused/);
  registry.on(/POST .*uploads/, bend((answer) => ({ ...answer, headers: { ...answer.headers, location: `http://127.0.0.1:${plain.port}/v2/some/name/blobs/uploads/1` } })));
  await t.throwsAsync(client.uploadBlob(at(registry), { async *open() { yield layer; } }));
  t.is(plain.requests.length, 0);
});

test('a location for the upload on another host gets bytes and no secret', async (t) => {
  const [registry, other] = [await startFaultRegistry(t, { tls: true, auth: 'basic', users }), await startFaultRegistry(t, { tls: true })];
  const client = testClient(t, { ...verified(registry, other), credential: basic('me', secret) });
  registry.on(/POST .*uploads/, async (exchange) => {
    const right = await exchange.answer();
    send(exchange, right.status === 202 ? { ...right, headers: { location: `${other.url}/upload` } } : right);
  });
  other.on(/PATCH/, (exchange) => { send(exchange, { status: 202, headers: { location: '/upload' }, body: Buffer.alloc(0) }); });
  other.on(/PUT/, status(201));
  await client.uploadBlob(at(registry), { async *open() { yield layer; } });
  t.is(other.count(/PATCH|PUT/), 2);
  t.deepEqual(tokensSeenBy(other), []);
});

test('a realm of plain http never gets a password from a registry with TLS', async (t) => {
  const [registry, plain] = [await startFaultRegistry(t, { tls: true }), await startFaultRegistry(t, { users })];
  for (const realm of [`${plain.url}/token`, 'ftp://x/', 'nonsense', 'https://me:you@localhost/token', '']) {
    const undo = registry.on(/manifests/, status(401, { headers: { 'www-authenticate': `Bearer realm="${realm}",service="s"` } }));
    t.is(((await t.throwsAsync(testClient(t, { ...verified(registry), credential: basic('me', secret) }).fetchManifest(at(registry), 'latest'))) as { code?: string }).code, 'REGISTRY_FAILED', realm);
    undo();
  }
  t.is(plain.requests.length, 0);
});

test('a realm elsewhere gets the password over TLS; a token server\'s redirect takes it nowhere', async (t) => {
  const [tokenServer, other] = [await startFaultRegistry(t, { tls: true, users }), await startFaultRegistry(t, { tls: true })];
  const registry = await startFaultRegistry(t, { tls: true, auth: 'bearer', tokenServer });
  registry.put('some/name', 'latest', image);
  const options = { ...verified(registry), credential: basic('me', secret) };
  await testClient(t, options).fetchManifest(at(registry), 'latest');
  t.is(tokenServer.carrying(secret).length, 1);
  t.deepEqual(registry.carrying(secret), []);
  tokenServer.on(/token/, redirect(`${other.url}/token`));
  for (const credential of [basic('me', secret), () => Promise.resolve({ kind: 'identity', token: secret } as const)]) {
    await t.throwsAsync(testClient(t, { ...options, credential }).fetchManifest(at(registry), 'latest'));
  }
  // An identity token stands in the body, which a 307 would take along.
  t.deepEqual(other.carrying(secret), []);
});

test('a registry doesn\'t choose the scope of a token', async (t) => {
  const registry = await startFaultRegistry(t, { tls: true, auth: 'bearer', users });
  registry.put('some/name', 'latest', image);
  registry.on(/manifests/, status(401, { headers: { 'www-authenticate': `Bearer realm="${registry.url}/token",service="s",scope="repository:private/things:pull,push,delete"` } }), 1);
  await testClient(t, { ...verified(registry), credential: basic('me', secret) }).fetchManifest(at(registry), 'latest');
  t.deepEqual([...registry.tokens.values()].map(({ scopes }) => scopes), [['repository:some/name:pull']]);
});

test('a mirror gets its own credential or none', async (t) => {
  const [mirror, registry] = [await startFaultRegistry(t, { tls: true }), await startFaultRegistry(t, { tls: true, auth: 'basic', users })];
  registry.put('some/name', 'latest', image);
  mirror.on(/./, status(401, { headers: { 'www-authenticate': 'Basic realm="x"' } }));
  const client = testClient(t, {
    ...verified(registry), credential: (repository) => (repository.domain === registry.domain ? basic('me', secret)() : Promise.resolve(undefined)),
    endpoints: () => [mirror, registry].map((one) => ({ repository: at(one), insecure: false, serves: 'all', mirror: one === mirror })),
  });
  await client.fetchManifest(at(registry), 'latest');
  t.deepEqual(tokensSeenBy(mirror), []);
});

test('an unknown authority is refused for every verb, and never by plain http instead', async (t) => {
  const registry = await startFaultRegistry(t, { tls: true });
  registry.put('some/name', 'latest', image);
  const client = testClient(t, { tlsVerify: true });
  const tries = [
    client.fetchManifest(at(registry), 'latest'), client.headManifest(at(registry), 'latest'), client.fetchBlob(at(registry), digest), client.statBlob(at(registry), digest), client.listTags(at(registry)),
    client.mountBlob(at(registry), digest, at(registry, 'b')), client.uploadBlob(at(registry), { async *open() { yield layer; } }), client.putManifest(at(registry), 'x', image.raw, image.mediaType),
    client.login(registry.domain, { kind: 'basic', username: 'me', password: secret }),
  ];
  for (const one of tries) {
    const error = await t.throwsAsync(one as Promise<unknown>);
    t.regex(error.message, /unknown authority|self-signed/);
    t.regex((error as { hint?: string }).hint ?? '', /certs\.d/);
  }
  t.is(registry.requests.length, 0);
  t.is((await testClient(t, { tlsVerify: false }).fetchManifest(at(registry), 'latest')).digest as string, image.digest);
  const plain = await startFaultRegistry(t);
  t.regex((await t.throwsAsync(testClient(t, { tlsVerify: true }).fetchManifest(at(plain), 'latest'))).message, /speaks no TLS/);
  t.is(plain.requests.length, 0);
});


test('the log at its most talkative holds neither password nor token nor signature', async (t) => {
  const [registry, store] = [await startFaultRegistry(t, { auth: 'bearer', users }), await startFaultRegistry(t)];
  for (const one of [registry, store]) one.put('some/name', 'latest', image);
  registry.on(/GET .*\/blobs\//, redirect(({ url }) => `${store.url.replace('//', '//user:store-password@')}${url.pathname}?X-Signature=the-signature`));
  const world = makeWorld(t);
  for (const path of ['some/name', 'absent']) {
    const pull = world.start(['--log-level', 'trace', 'pull', '--tls-verify=false', '--creds', `me:${secret}`, `${registry.domain}/${path}`]);
    t.is((await pull.exit).code, path === 'absent' ? 125 : 0, pull.stderr());
    t.regex(pull.stderr(), /manifests/);
    for (const text of [secret, Buffer.from(`me:${secret}`).toString('base64'), `-of-${registry.port}`, 'store-password', 'the-signature']) t.false(pull.stderr().includes(text), text);
  }
  t.true(registry.carrying(secret).length > 0 && store.carrying('the-signature').length > 0);
});
