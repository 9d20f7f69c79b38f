/** Containers on slirp4netns, by name and as the fallback. */
import { connect, createServer, type AddressInfo } from 'node:net';
import test from 'ava';
import { deadlineMs, until } from '../helpers/deadline.ts';
import { freePort } from '../helpers/free-port.ts';
import { importBusybox } from '../helpers/images.ts';
import { mainHostAddress } from '../../src/network/host-interface.ts';
import { requires } from '../helpers/requires.ts';
import { livingProcesses, makeWorld, type World } from '../helpers/world.ts';

function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(deadlineMs, () => socket.destroy(new Error('no answer')));
    socket.on('data', (bytes: Buffer) => {
      socket.destroy();
      resolve(bytes.toString());
    });
    socket.on('end', () => reject(new Error('the end without a word')));
    socket.on('error', reject);
  });
}

function helpers(world: World): string[] {
  return livingProcesses(world.runtime).filter((line) => /^\d+ \S*slirp4netns /.test(line));
}

async function untilGone(world: World): Promise<string[]> {
  await until(() => helpers(world).length === 0, () => helpers(world).join('; '));
  return helpers(world);
}

test('slirp4netns gives a network, forwards ports and ends with the container', async (t) => {
  if (!requires(t, 'userns', 'tun', 'slirp4netns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const port = await freePort();
  world.ok('run', '-d', '--name', 'web', '--network', 'slirp4netns', '-p', `${port}:80`, 'base', 'sh', '-c', 'exec nc -ll -p 80 -e echo greetings');
  t.is(helpers(world).length, 1);
  t.regex(world.ok('exec', 'web', 'ip', 'addr', 'show', 'tap0'), /inet 10\.0\.2\.100\/24/);
  t.regex(world.ok('exec', 'web', 'cat', '/etc/resolv.conf'), /^nameserver 10\.0\.2\.3$/m);
  await until(() => /:0050 [0-9A-F:]+ 0A/.test(world.ok('exec', 'web', 'cat', '/proc/net/tcp', '/proc/net/tcp6')), () => 'it does not listen');
  t.is(await ask(port), 'greetings\n');
  world.ok('rm', '-f', '-t', '0', 'web');
  t.deepEqual(await untilGone(world), []);
  world.ok('run', '--rm', '--network', 'slirp4netns', 'base', 'true');
  t.deepEqual(await untilGone(world), []);
});

test('slirp4netns ends when the monitor is killed', async (t) => {
  if (!requires(t, 'userns', 'tun', 'slirp4netns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const id = world.ok('run', '-d', '--network', 'slirp4netns', 'base', 'sleep', '1000');
  const monitor = livingProcesses(world.runtime).find((line) => line.includes('skiff-monitor') && line.includes(id));
  process.kill(Number(monitor?.split(' ')[0]), 'SIGKILL');
  t.deepEqual(await untilGone(world), []);
});

test('an unknown option of slirp4netns is refused before anything is made', (t) => {
  if (!requires(t, 'userns', 'slirp4netns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const refused = world.skiff(['run', '--rm', '--network', 'slirp4netns:frob=1', 'base', 'true']);
  t.is(refused.code, 125);
  t.regex(refused.stderr, /network option "frob=1" of slirp4netns/);
  t.is(world.ok('ps', '-a', '-q'), '');
});

test('slirp4netns: host.containers.internal leads to what listens on the host\'s own address, and not to its loopback', async (t) => {
  if (!requires(t, 'userns', 'tun', 'slirp4netns')) return;
  const address = mainHostAddress();
  if (address === undefined) return t.pass('this host has no address of its own');
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const server = createServer((socket) => { socket.end('hello from the host\n'); });
  t.teardown(() => { server.close(); });
  const listen = (at: string): Promise<number> => new Promise((resolve) => { server.listen(0, at, () => { resolve((server.address() as AddressInfo).port); }); });
  const asked = async (port: number): Promise<{ code: number | null; text: string }> => {
    const running = world.start(['run', '--rm', '--network', 'slirp4netns', 'base', 'nc', '-w', '60', 'host.containers.internal', String(port)]);
    const { code } = await running.exit;
    return { code, text: running.stdout() };
  };
  t.deepEqual(await asked(await listen(address)), { code: 0, text: 'hello from the host\n' });
  await new Promise((resolve) => { server.close(resolve); });
  t.is((await asked(await listen('127.0.0.1'))).text, '');
});
