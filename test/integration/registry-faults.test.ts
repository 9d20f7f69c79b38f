/** What goes wrong on the way to a registry, and what the client makes of it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { digestOf, parseDigest } from '../../src/oci/ids.ts';
import { isTemporary, registryErrorOf } from '../../src/registry/errors.ts';
import { startFaultRegistry } from '../helpers/fault-registry.ts';
import { bend, cutBody, hang, hugeManifest, noLength, noRanges, reset, status, tooMany, trickle, wrongBody } from '../helpers/faults.ts';
import { makeLayer, sha256 } from '../helpers/make-archive.ts';
import { madeImage } from '../helpers/make-image.ts';
import { at, basic, bytesOf, testClient } from '../helpers/registry-client.ts';

const image = madeImage([makeLayer({ 'a.txt': 'a'.repeat(100_000) })], { pack: (tar) => ({ bytes: tar, mediaType: 'application/vnd.oci.image.layer.v1.tar' }) });
const layer = image.blobs[0] ?? Buffer.alloc(0);
const digest = parseDigest(`sha256:${sha256(layer)}`);

test('a request is repeated after a reset, 500, 503, 408 and 429, and succeeds', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.put('some/name', 'latest', image);
  for (const fault of [reset(), status(500), status(503), status(408), tooMany('0'), tooMany()]) {
    registry.requests.length = 0;
    registry.on(/GET .*\/manifests\//, fault, 1);
    const found = await testClient(t).fetchManifest(at(registry), 'latest');
    t.is(found.digest as string, image.digest);
    t.is(registry.count(/GET .*\/manifests\//), 2);
  }
});

test('Retry-After is obeyed, in seconds and as a date', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.put('some/name', 'latest', image);
  // The date is one of when it is answered, with whole seconds.
  for (const [retryAfter, leastMs] of [[() => '2', 2000], [() => new Date(Date.now() + 3000).toUTCString(), 1900]] as const) {
    registry.requests.length = 0;
    registry.on(/GET .*\/manifests\//, (exchange) => tooMany(retryAfter())(exchange), 1);
    await testClient(t).fetchManifest(at(registry), 'latest');
    const [first, second] = registry.requests.filter(({ line }) => line.includes('/manifests/'));
    t.true((second?.at ?? 0) - (first?.at ?? 0) >= leastMs, retryAfter());
  }
});

test('a registry that asks for an hour of patience is given up at once', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.on(/manifests/, tooMany('3600'));
  const error = await t.throwsAsync(testClient(t).fetchManifest(at(registry), 'latest'));
  t.regex(error.message, /429 TOOMANYREQUESTS/);
  t.is(registry.count(/manifests/), 1);
});

test('after the last attempt the failure is told, and how it could pass', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.on(/manifests/, status(502));
  const error = await t.throwsAsync(testClient(t, { attempts: 2 }).fetchManifest(at(registry), 'latest'));
  t.true(isTemporary(error));
  t.is(registryErrorOf(error)?.status, 502);
  t.is(registry.count(/manifests/), 2);
});

test('no attempt is repeated after 400, 401, 403 and 404', async (t) => {
  const registry = await startFaultRegistry(t);
  for (const [code, expected] of [[400, 'REGISTRY_FAILED'], [401, 'REGISTRY_UNAUTHORIZED'], [403, 'REGISTRY_UNAUTHORIZED'], [404, 'MANIFEST_UNKNOWN']] as const) {
    registry.requests.length = 0;
    const undo = registry.on(/manifests/, status(code));
    const error = await t.throwsAsync(testClient(t).fetchManifest(at(registry), 'latest'));
    t.is((error as { code?: string }).code, expected);
    t.is(registry.count(/manifests/), 1);
    undo();
  }
});

test('a cut body is a temporary failure, and the rest comes by Range', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.put('some/name', 'latest', image);
  registry.on(/GET .*\/blobs\//, cutBody(40_000), 1);
  const client = testClient(t);
  const first = await client.fetchBlob(at(registry), digest);
  t.is(first.totalBytes, layer.length);
  const got: Uint8Array[] = [];
  const error = await t.throwsAsync(async () => { for await (const piece of first.body) got.push(piece); });
  t.true(isTemporary(error));
  const start = Buffer.concat(got);
  t.is(start.length, 40_000);
  const rest = await client.fetchBlob(at(registry), digest, start.length);
  t.is(rest.offset, start.length);
  t.is(digestOf(Buffer.concat([start, await bytesOf(rest.body)])), digest);
});

test('without ranges, with a wrong part, and with a part of another offset the whole blob comes', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.put('some/name', 'latest', image);
  const faults = [
    noRanges(), status(416, { headers: { 'content-range': `bytes */${layer.length + 5}` } }), status(416),
    bend((answer) => ({ ...answer, headers: { ...answer.headers, 'content-range': `bytes 5-${layer.length - 1}/${layer.length}` } })),
    bend((answer) => ({ ...answer, headers: Object.fromEntries(Object.entries(answer.headers).filter(([name]) => name !== 'content-range')) })),
  ];
  for (const fault of faults) {
    registry.on(/GET .*\/blobs\//, fault, 1);
    const blob = await testClient(t).fetchBlob(at(registry), digest, 1000);
    t.is(blob.offset, 0);
    t.true((await bytesOf(blob.body)).equals(layer));
  }
});

test('an offset at the end is an empty rest', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.put('some/name', 'latest', image);
  const blob = await testClient(t).fetchBlob(at(registry), digest, layer.length);
  t.is(blob.offset, layer.length);
  t.is((await bytesOf(blob.body)).length, 0);
});

test('bodies without a length are read to their end', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.put('some/name', 'latest', image);
  for (const kind of ['chunked', 'closed'] as const) {
    const undo = registry.on(/GET .*\/(blobs|manifests)\//, noLength(kind));
    const client = testClient(t);
    t.is((await client.fetchManifest(at(registry), 'latest')).digest as string, image.digest);
    const blob = await client.fetchBlob(at(registry), digest);
    t.is(blob.totalBytes, undefined);
    t.true((await bytesOf(blob.body)).equals(layer));
    undo();
  }
});

test('a manifest with another digest than was asked for, or than its header says, is refused', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.put('some/name', 'latest', image);
  for (const reference of ['latest', image.digest]) {
    registry.on(/GET .*\/manifests\//, wrongBody(), 1);
    t.is(((await t.throwsAsync(testClient(t).fetchManifest(at(registry), reference))) as { code?: string }).code, 'DIGEST_MISMATCH');
  }
});

test('a digest in a header that is none is refused', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.put('some/name', 'latest', image);
  for (const said of ['sha256:../../x', `sha256:${'A'.repeat(64)}`, 'sha256:abc', 'md5:d41d8cd98f00b204e9800998ecf8427e', '']) {
    const undo = registry.on(/\/manifests\//, bend((answer) => ({ ...answer, headers: { ...answer.headers, 'docker-content-digest': said } })));
    for (const one of [testClient(t).fetchManifest(at(registry), 'latest'), testClient(t).headManifest(at(registry), 'latest'), testClient(t).putManifest(at(registry), 'latest', image.raw, image.mediaType)]) {
      t.is(((await t.throwsAsync(one as Promise<unknown>)) as { code?: string }).code, 'DIGEST_INVALID', said);
    }
    undo();
  }
});

test('a registry that has no HEAD, or tells no digest, is asked for the manifest', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.put('some/name', 'latest', image);
  const quiet = bend((answer) => ({ ...answer, headers: { 'content-type': image.mediaType } }));
  for (const fault of [status(405), quiet]) {
    const undo = registry.on(/HEAD .*manifests/, fault);
    t.deepEqual(await testClient(t).headManifest(at(registry), 'latest'), { digest: parseDigest(image.digest), mediaType: image.mediaType, sizeBytes: image.raw.length });
    undo();
  }
});

test('a location that leads nowhere ends the upload', async (t) => {
  const registry = await startFaultRegistry(t);
  for (const location of [undefined, 'file:///etc/passwd', 'http://[', 'javascript:alert(1)']) {
    const undo = registry.on(/POST .*uploads/, bend((answer) => ({ ...answer, headers: location === undefined ? {} : { location } })));
    const error = await t.throwsAsync(testClient(t).uploadBlob(at(registry), { async *open() { yield layer; } }));
    t.regex(error.message, /location/);
    undo();
  }
});

test('a huge manifest is refused in bounded memory, with and without a length', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.put('some/name', 'latest', image);
  const hundred = 100 * 1024 * 1024;
  registry.on(/GET .*\/manifests\//, hugeManifest(hundred), 1);
  const client = testClient(t);
  t.regex((await t.throwsAsync(client.fetchManifest(at(registry), 'latest'))).message, /larger than 4194304 bytes/);
  // Endless: a client that reads on would never come back.
  registry.on(/GET .*\/manifests\//, ({ response }) => {
    response.writeHead(200, { 'content-type': image.mediaType });
    const piece = Buffer.alloc(64 * 1024, 0x20);
    const more = (): void => { while (!response.destroyed && response.write(piece)); };
    response.on('drain', more);
    more();
  }, 1);
  t.regex((await t.throwsAsync(client.fetchManifest(at(registry), 'latest'))).message, /larger than 4194304 bytes/);
});

test('errors are read within bounds', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.on(/manifests/, status(400, { body: 'x'.repeat(50 * 1024 * 1024) }));
  const error = registryErrorOf(await t.throwsAsync(testClient(t).fetchManifest(at(registry), 'latest')));
  t.true((error?.body.length ?? 0) <= 8192);
});

test('a silent registry is a temporary failure; a slow one is not', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.put('some/name', 'latest', image);
  registry.on(/GET .*\/manifests\//, hang());
  const client = testClient(t, { attempts: 1, idleTimeoutMs: 3000 });
  const error = await t.throwsAsync(client.fetchManifest(at(registry), 'latest'));
  t.true(isTemporary(error));
  t.regex(error.message, /no answer in time/);
  // Longer than it may be silent, in pieces that come much sooner.
  registry.on(/GET .*\/blobs\//, trickle(1250, 50), 1);
  t.true((await bytesOf((await client.fetchBlob(at(registry), digest)).body)).equals(layer));
  registry.on(/GET .*\/blobs\//, trickle(40_000, 1_000_000), 1);
  const blob = await client.fetchBlob(at(registry), digest);
  t.regex((await t.throwsAsync(bytesOf(blob.body))).message, /no data in time/);
});

test('a document that comes byte by byte is given up, and so is the text of a failure', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.put('some/name', 'latest', image);
  registry.on(/GET .*\/manifests\//, trickle(1, 50), 1);
  t.regex((await t.throwsAsync(testClient(t, { idleTimeoutMs: 1000 }).fetchManifest(at(registry), 'latest'))).message, /no end of the answer in 10 s/);
  registry.on(/GET .*\/manifests\//, (exchange) => trickle(1, 1000)({ ...exchange, answer: async () => ({ ...await exchange.answer(), status: 400 }) }), 1);
  const started = performance.now();
  t.is(registryErrorOf(await t.throwsAsync(testClient(t).fetchManifest(at(registry), 'latest')))?.status, 400);
  t.true(performance.now() - started < image.raw.length * 1000, 'all of it was not waited for');
});

test('nothing listens: refused, and that may pass', async (t) => {
  const gone = await startFaultRegistry(t);
  await gone.stop();
  const error = await t.throwsAsync(testClient(t, { attempts: 1 }).fetchManifest(at(gone), 'latest'));
  t.true(isTemporary(error));
  t.regex(error.message, /connection refused/);
});

test('stopping ends what is under way, with the reason', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.put('some/name', 'latest', image);
  registry.on(/GET .*\/blobs\//, trickle(1000, 1_000_000));
  registry.on(/GET .*\/manifests\//, hang());
  const stop = new AbortController();
  const client = testClient(t, { signal: stop.signal });
  const blob = await client.fetchBlob(at(registry), digest);
  const reason = new Error('interrupted');
  const both = [t.throwsAsync(bytesOf(blob.body)), t.throwsAsync(client.fetchManifest(at(registry), 'latest'))];
  setImmediate(() => { stop.abort(reason); });
  t.deepEqual(await Promise.all(both), [reason, reason]);
});

test('mirrors: in their order, passed over where they lack it or fail, and not asked again when dead', async (t) => {
  const [dead, empty, full, main] = [await startFaultRegistry(t), await startFaultRegistry(t), await startFaultRegistry(t), await startFaultRegistry(t)];
  for (const registry of [full, main]) registry.put('some/name', 'latest', image);
  dead.on(/./, reset());
  const endpoints = [dead, empty, full, main].map((registry) => ({ repository: at(registry), insecure: true, serves: 'all' as const, mirror: registry !== main }));
  const client = testClient(t, { endpoints: () => endpoints });
  const found = await client.fetchManifest(at(main), 'latest');
  t.is(found.from.repository.domain, full.domain);
  const deadRequests = dead.requests.length;
  await client.fetchManifest(at(main), 'latest');
  t.is(dead.requests.length, deadRequests);
  t.is(empty.count(/manifests/), 2);
  t.true((await bytesOf((await client.fetchBlob(at(main), digest)).body)).equals(layer));
  t.is(full.count(/blobs/), 1);
  t.is(main.requests.length, 0);
});

test('nobody waits for a mirror', async (t) => {
  const [busy, gone, main] = [await startFaultRegistry(t), await startFaultRegistry(t), await startFaultRegistry(t)];
  main.put('some/name', 'latest', image);
  busy.on(/manifests/, tooMany('50'));
  await gone.stop();
  const client = testClient(t, { endpoints: () => [busy, gone, main].map((registry) => ({ repository: at(registry), insecure: true, serves: 'all', mirror: registry !== main })) });
  const started = performance.now();
  await client.fetchManifest(at(main), 'latest');
  t.true(performance.now() - started < 50_000);
  t.is(busy.count(/manifests/), 1);
});

test('a mirror that gives wrong bytes, or breaks off in a blob, is no more asked', async (t) => {
  const [mirror, main] = [await startFaultRegistry(t), await startFaultRegistry(t)];
  for (const registry of [mirror, main]) registry.put('some/name', 'latest', image);
  const endpoints = [mirror, main].map((registry) => ({ repository: at(registry), insecure: true, serves: 'all' as const, mirror: registry === mirror }));
  const careful = testClient(t, { endpoints: () => endpoints });
  mirror.on(/manifests/, wrongBody(), 1);
  t.is((await careful.fetchManifest(at(main), image.digest)).from.repository.domain, main.domain);
  t.is((await careful.fetchBlob(at(main), digest)).from.repository.domain, main.domain);
  const client = testClient(t, { endpoints: () => endpoints });
  mirror.on(/blobs/, cutBody(10), 1);
  await t.throwsAsync(async () => bytesOf((await client.fetchBlob(at(main), digest)).body));
  const rest = await client.fetchBlob(at(main), digest, 10);
  t.is(rest.from.repository.domain, main.domain);
  t.true((await bytesOf(rest.body)).equals(layer.subarray(10)));
});

test('mirrors serve what they are for: digests only, tags only', async (t) => {
  const [byDigest, byTag, main] = [await startFaultRegistry(t), await startFaultRegistry(t), await startFaultRegistry(t)];
  for (const registry of [byDigest, byTag, main]) registry.put('some/name', 'latest', image);
  const client = testClient(t, {
    endpoints: () => [
      { repository: at(byDigest), insecure: true, serves: 'digest-only', mirror: true }, { repository: at(byTag), insecure: true, serves: 'tag-only', mirror: true },
      { repository: at(main), insecure: true, serves: 'all', mirror: false },
    ],
  });
  t.is((await client.fetchManifest(at(main), 'latest')).from.repository.domain, byTag.domain);
  t.is((await client.fetchBlob(at(main), digest)).from.repository.domain, byTag.domain);
  t.is((await client.fetchManifest(at(main), image.digest)).from.repository.domain, byDigest.domain);
});

test('where mirrors and registry fail, the registry\'s failure is told with the mirrors\'', async (t) => {
  const [mirror, main] = [await startFaultRegistry(t), await startFaultRegistry(t)];
  mirror.on(/manifests/, status(403, { error: 'DENIED' }));
  const client = testClient(t, { endpoints: () => [mirror, main].map((registry) => ({ repository: at(registry), insecure: true, serves: 'all', mirror: registry === mirror })) });
  const error = await t.throwsAsync(client.fetchManifest(at(main), 'latest'));
  t.is((error as { code?: string }).code, 'MANIFEST_UNKNOWN');
  t.regex(error.message, /MANIFEST_UNKNOWN.*mirror localhost:\d+\/some\/name: .*403 DENIED/);
});

test('an upload starts again after a temporary failure, and the count of bytes is right', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.on(/PATCH/, reset(), 1);
  registry.on(/PUT .*digest=/, status(503), 1);
  let counted = 0;
  let opened = 0;
  const done = await testClient(t).uploadBlob(at(registry), { digest, sizeBytes: layer.length, async *open() { opened++; yield layer; } }, (count) => { counted += count; });
  t.deepEqual(done, { digest, sizeBytes: layer.length });
  t.is(counted, layer.length);
  t.is(opened, 3);
  t.true(registry.blobs.get(digest)?.equals(layer));
});

test('an upload whose token ends in the middle starts again, with a new one', async (t) => {
  const registry = await startFaultRegistry(t, { auth: 'bearer', users: { me: 'secret' } });
  registry.on(/PATCH/, async (exchange) => {
    registry.tokens.clear();
    await bend((answer) => answer)(exchange);
  }, 1);
  const done = await testClient(t, { credential: basic('me', 'secret') }).uploadBlob(at(registry), { async *open() { yield layer; } });
  t.is(done.digest, digest);
  t.is(registry.count(/POST .*uploads/), 3); // the first of all had no token yet
  t.is(registry.count(/\/token/), 2);
  t.true(registry.blobs.get(digest)?.equals(layer));
});

test('an upload of other bytes than announced is refused before it is closed', async (t) => {
  const registry = await startFaultRegistry(t);
  const error = await t.throwsAsync(testClient(t).uploadBlob(at(registry), { digest, async *open() { yield layer.subarray(1); } }));
  t.is((error as { code?: string }).code, 'DIGEST_MISMATCH');
  t.is(registry.count(/PUT/), 0);
  t.is(registry.count(/DELETE .*uploads/), 1);
});

test('a failing source ends the upload with its own error', async (t) => {
  const registry = await startFaultRegistry(t);
  const failure = new Error('disk');
  let counted = 0;
  t.is(await t.throwsAsync(testClient(t).uploadBlob(at(registry), { async *open() { yield layer; throw failure; } }, (count) => { counted += count; })), failure);
  t.is(counted, 0);
  t.is(registry.blobs.size, 0);
});

test('a registry that takes no stream gets chunks', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.on(/PATCH/, async (exchange) => { await (exchange.request.headers['content-range'] === undefined ? status(411) : bend((answer) => answer))(exchange); });
  const large = Buffer.alloc(40 * 1024 * 1024, 'x');
  const done = await testClient(t).uploadBlob(at(registry), { async *open() { for (let from = 0; from < large.length; from += 1_000_000) yield large.subarray(from, from + 1_000_000); } });
  t.is(done.digest, digestOf(large));
  t.deepEqual(registry.requests.filter(({ headers }) => headers['content-range'] !== undefined).map(({ headers }) => headers['content-range']), ['0-16777215', '16777216-33554431', '33554432-41943039']);
});

test('an upload is read no faster than it is taken', async (t) => {
  const piece = Buffer.alloc(64 * 1024);
  const total = 1024 * piece.length;
  let taken = 0;
  let takenAtFirst = 0;
  const server = createServer((request, response) => {
    const answer = (status: number): void => { response.writeHead(status, { location: '/upload' }).end(); };
    if (request.method === 'PATCH') takenAtFirst = taken;
    request.resume().on('end', () => { answer(request.method === 'PUT' ? 201 : request.method === 'GET' ? 200 : 202); });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  t.teardown(() => { server.close(); });
  const domain = `localhost:${(server.address() as AddressInfo).port}`;
  const done = await testClient(t).uploadBlob(at({ domain }), { async *open() { for (; taken < total; taken += piece.length) yield piece; } });
  t.is(done.sizeBytes, total);
  // Source and server share this process: without a brake all of it is in memory before the server sees the first byte.
  t.true(takenAtFirst < total / 4, `${takenAtFirst}`);
});

test('a mount that is refused leaves an upload to use', async (t) => {
  const registry = await startFaultRegistry(t);
  const client = testClient(t);
  t.false(await client.mountBlob(at(registry, 'to'), digest, at(registry, 'from')));
  await client.uploadBlob(at(registry, 'to'), { async *open() { yield layer; } });
  t.is(registry.count(/POST .*uploads/), 1);
  t.true(await client.mountBlob(at(registry, 'third'), digest, at(registry, 'to')));
  t.false(await client.mountBlob(at(registry, 'third'), digest, { domain: 'elsewhere:5000', path: 'to' }));
});

test('a mount that the registry forbids is no failure, and the first request of all may be one', async (t) => {
  const registry = await startFaultRegistry(t, { auth: 'bearer', users: { me: 'secret' } });
  registry.put('from', 'latest', image);
  t.true(await testClient(t, { credential: basic('me', 'secret') }).mountBlob(at(registry, 'to'), digest, at(registry, 'from')));
  for (const code of [401, 403, 404, 405]) {
    const undo = registry.on(/POST .*mount=/, status(code));
    t.false(await testClient(t, { credential: basic('me', 'secret') }).mountBlob(at(registry, 'to'), digest, at(registry, 'from')));
    undo();
  }
});

test('a token server that stumbles is asked again, as often as a registry', async (t) => {
  const registry = await startFaultRegistry(t, { auth: 'bearer', anonymousPull: true });
  registry.put('some/name', 'latest', image);
  registry.on(/\/token/, status(503), 1);
  await testClient(t).fetchManifest(at(registry), 'latest');
  t.is(registry.count(/\/token/), 2);
  registry.on(/\/token/, status(503));
  await t.throwsAsync(testClient(t, { attempts: 2 }).fetchManifest(at(registry), 'latest'));
  t.is(registry.count(/\/token/), 4);
});

test('many downloads at once with one way to stop them make no noise', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.put('some/name', 'latest', image);
  const warnings: Error[] = [];
  const hear = (warning: Error): void => { warnings.push(warning); };
  process.on('warning', hear);
  t.teardown(() => { process.off('warning', hear); });
  const client = testClient(t, { signal: new AbortController().signal });
  await Promise.all(Array.from({ length: 50 }, async () => bytesOf((await client.fetchBlob(at(registry), digest)).body)));
  await new Promise((resolve) => { setImmediate(resolve); });
  t.deepEqual(warnings, []);
});

test('tags come in pages, and pages end', async (t) => {
  const registry = await startFaultRegistry(t, { pageSize: 3 });
  for (const tag of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) registry.put('some/name', tag, image);
  const client = testClient(t);
  t.deepEqual(await client.listTags(at(registry)), ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  t.is(((await t.throwsAsync(client.listTags(at(registry, 'none')))) as { code?: string }).code, 'NAME_UNKNOWN');
  const circle = registry.on(/tags/, bend((answer) => ({ ...answer, headers: { ...answer.headers, link: '</v2/some/name/tags/list?last=a>; rel="next"' } })));
  registry.requests.length = 0;
  t.regex((await t.throwsAsync(client.listTags(at(registry)))).message, /have no end/);
  t.is(registry.count(/tags/), 2);
  circle();
  registry.on(/tags/, bend((answer) => ({ ...answer, headers: { ...answer.headers, link: '<http://127.0.0.1:1/v2/some/name/tags/list>; rel="next"' } })));
  t.regex((await t.throwsAsync(client.listTags(at(registry)))).message, /another host/);
});

test('names and digests that are paths never get into a URL', async (t) => {
  const registry = await startFaultRegistry(t);
  const client = testClient(t);
  for (const reference of ['../../etc', 'a/b', 'sha256:../../x', `sha256:${'A'.repeat(64)}`, 'sha256:abc', 'md5:d41d8cd98f00b204e9800998ecf8427e', '', 'a?b', 'a%2f', 'a\nb']) {
    await t.throwsAsync(client.fetchManifest(at(registry), reference), undefined, reference);
  }
  for (const path of ['../x', 'a//b', 'a/../b', 'a?x', 'a#x', 'a%2fb', 'a b', '/a', 'a/']) await t.throwsAsync(client.fetchManifest(at(registry, path), 'latest'), undefined, path);
  for (const domain of ['user@host', 'host/x', 'host?x', 'a b', '']) await t.throwsAsync(client.fetchManifest({ domain, path: 'a' }, 'latest'), undefined, domain);
  t.is(registry.requests.length, 0);
});
