/** searchRegistry(): the index where there is one, else the catalogue. */
import test from 'ava';
import { searchRegistry } from '../../src/registry/search.ts';
import { startFaultRegistry } from '../helpers/fault-registry.ts';
import { send, status } from '../helpers/faults.ts';
import { makeLayer } from '../helpers/make-archive.ts';
import { madeImage } from '../helpers/make-image.ts';
import { basic, clientOptions } from '../helpers/registry-client.ts';
import { pushImage, startRegistry } from '../helpers/registry.ts';
import { requires } from '../helpers/requires.ts';

const image = madeImage([makeLayer({ a: 'a' })]);

test('the real registry: its catalogue, filtered, with authentication', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const registry = await startRegistry(t, { auth: true });
  for (const name of ['team/web', 'team/web-worker', 'other']) await pushImage(registry, name, 'latest', image);
  const options = clientOptions({ credential: basic(registry.user ?? '', registry.password ?? '') });
  t.deepEqual((await searchRegistry(options, registry.domain, 'web', 25)).map(({ name }) => name), ['team/web', 'team/web-worker']);
  t.deepEqual((await searchRegistry(options, registry.domain, '', 25)).map(({ name }) => name), ['other', 'team/web', 'team/web-worker']);
  t.deepEqual((await searchRegistry(options, registry.domain, 'web', 1)).length, 1);
  await t.throwsAsync(searchRegistry(clientOptions(), registry.domain, 'web', 25), { message: /401/ });
});

test('an index: its results as they come, in pages, without control characters', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.on(/GET \/v1\/search/, (exchange) => {
    const page = Number(exchange.url.searchParams.get('page') ?? 1);
    const rows = Array.from({ length: page < 3 ? 100 : 1 }, (_, at) => ({ name: `web-${page}-${at}`, description: 'A\n\u001b[31mweb server', star_count: 7, is_official: at === 0 }));
    send(exchange, { status: 200, headers: {}, body: Buffer.from(JSON.stringify({ results: [...rows, ...(page === 3 ? [{ name: '../../x' }] : [])] })) });
  });
  const found = await searchRegistry(clientOptions(), registry.domain, 'web', 500);
  t.is(found.length, 201);
  t.deepEqual(found[0], { name: 'web-1-0', description: 'A [31mweb server', stars: 7, official: true, automated: false });
  t.is((await searchRegistry(clientOptions(), registry.domain, 'web', 150)).length, 150);
});

test('no search and no catalogue is an error', async (t) => {
  const registry = await startFaultRegistry(t);
  registry.on(/v1|_catalog/, status(404));
  await t.throwsAsync(searchRegistry(clientOptions(), registry.domain, 'web', 25), { message: /_catalog.*404/ });
});
