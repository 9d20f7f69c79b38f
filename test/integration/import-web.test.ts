/** import and load from web servers, by the rules that registries are reached by. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { auditStore } from '../helpers/audit.ts';
import { startForwardProxy } from '../helpers/forward-proxy.ts';
import { dockerMembers, makeImage, makeLayer, makeTar } from '../helpers/make-archive.ts';
import { skiffBeside } from '../helpers/pull.ts';
import { requires } from '../helpers/requires.ts';
import { makeWorld } from '../helpers/world.ts';

const layer = makeLayer({ a: 'from the web' });
const archive = makeTar(dockerMembers(makeImage([layer]), ['localhost/loaded:1']));

/** Port of a server with both files; `seen` gets the headers of each request. */
async function startServer(t: ExecutionContext, seen: Record<string, unknown>[]): Promise<number> {
  const server = createServer((request, response) => {
    seen.push({ ...request.headers });
    response.end(request.url === '/archive.tar' ? archive : layer);
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('import and load go through the proxy of the environment, which alone knows the host; its password stays with it', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const seen: Record<string, unknown>[] = [];
  const proxy = await startForwardProxy(t, await startServer(t, seen));
  const env = { HTTP_PROXY: proxy.url };
  for (const args of [['import', 'http://files.test/rootfs.tar', 'web'], ['load', '-q', '-i', 'http://files.test/archive.tar']]) {
    const done = await skiffBeside(world, args, env);
    t.is(done.code, 0, done.stderr);
  }
  t.deepEqual(proxy.lines, ['GET http://files.test/rootfs.tar', 'GET http://files.test/archive.tar']);
  t.false(JSON.stringify(seen).includes(proxy.password));
  t.is(world.ok('images', '--format', '{{.Repository}}', '--sort', 'repository'), 'localhost/loaded\nlocalhost/web');
  const direct = await skiffBeside(world, ['import', 'http://files.test/rootfs.tar'], { ...env, NO_PROXY: 'files.test' });
  t.is(direct.code, 125);
  t.regex(direct.stderr, /^Error: import "http:\/\/files\.test\/rootfs\.tar": no such host files\.test/);
  t.is(proxy.lines.length, 2);
  t.deepEqual(auditStore(world), []);
});

test('any port is asked, and a proxy that refuses or is none is told', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const proxy = await startForwardProxy(t, 1);
  for (const [args, env, message] of [
    [['import', 'http://127.0.0.1:1/x.tar'], {}, 'import "http://127.0.0.1:1/x.tar": connection refused'],
    [['load', '-i', 'http://127.0.0.1:1/x.tar'], {}, 'load "http://127.0.0.1:1/x.tar": connection refused'],
    [['import', 'http://files.test/x.tar'], { http_proxy: proxy.url.replace(proxy.password, 'wrong') }, 'import "http://files.test/x.tar": the server answered 407 Proxy Authentication Required'],
    [['import', 'http://files.test/x.tar'], { HTTP_PROXY: 'gopher://127.0.0.1' }, 'import "http://files.test/x.tar": HTTP_PROXY: unsupported proxy scheme "gopher": want http, https or socks5'],
  ] as const) {
    const done = await skiffBeside(world, args, env);
    t.is(done.code, 125);
    t.is(done.stderr, `Error: ${message}\n`);
  }
});
