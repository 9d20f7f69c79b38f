/**
 * Containers on the network that they have by default: pasta, as installed on this machine. Services on both sides are real sockets.
 */
import { createSocket } from 'node:dgram';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { deadlineMs, until, within } from '../helpers/deadline.ts';
import { freePort } from '../helpers/free-port.ts';
import { importBusybox } from '../helpers/images.ts';
import { requires } from '../helpers/requires.ts';
import { livingProcesses, makeWorld, type World } from '../helpers/world.ts';

/** A TCP service on the host that greets each client with its address; nobody has the ports beside its own. */
async function serve(t: ExecutionContext, host: string): Promise<{ port: number; peers: string[] }> {
  const peers: string[] = [];
  const server: Server = createServer((socket) => {
    peers.push(socket.remoteAddress ?? '');
    socket.on('error', () => socket.destroy());
    socket.end(`hello ${socket.remoteAddress ?? ''}\n`);
  });
  const port = await freePort(3) + 1;
  await new Promise<void>((resolve) => { server.listen(port, host, resolve); });
  t.teardown(() => server.close());
  return { port, peers };
}

/**
 * What a client that says something first is answered on a port of the host; rejects where nobody listens. (pasta of 2023 holds back a server's
 * words until the client has spoken, and may lose the end of a connection.)
 */
function ask(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => socket.write('hello?\n'));
    socket.setTimeout(deadlineMs, () => socket.destroy(new Error('no answer')));
    socket.on('data', (bytes: Buffer) => {
      socket.destroy();
      resolve(bytes.toString());
    });
    socket.on('end', () => reject(new Error('the end without a word')));
    socket.on('error', reject);
  });
}

/** Starts a container that answers each TCP connection to its port 80 with a line, and waits until it listens. */
function startGreeter(world: World, name: string, ...options: string[]): void {
  world.ok('run', '-d', '--name', name, ...options, 'base', 'sh', '-c', `exec nc -ll -p 80 -e sh -c 'read question; echo greetings from ${name}'`);
  const end = Date.now() + deadlineMs;
  while (!/:80 .*LISTEN|:0050 [0-9A-F:]+ 0A/.test(world.ok('exec', name, 'cat', '/proc/net/tcp', '/proc/net/tcp6'))) {
    if (Date.now() > end) throw new Error(`${name} does not listen`);
  }
}

function hostAddress(): string {
  const found = Object.values(networkInterfaces()).flatMap((list) => list ?? []).find((info) => info.family === 'IPv4' && !info.internal);
  if (found === undefined) throw new Error('this machine has no address but loopback');
  return found.address;
}

test('a container has the host\'s addresses, a resolver, and its own name', (t) => {
  if (!requires(t, 'userns', 'tun', 'pasta')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const out = world.ok('run', '--rm', '--hostname', 'box', '--name', 'first', '--add-host', 'db:10.1.2.3', '--dns-search', 'corp.example', 'base', 'sh', '-c', 'ip addr; echo ---; cat /etc/hosts; echo ---; cat /etc/resolv.conf; hostname');
  const [addresses = '', hosts = '', rest = ''] = out.split('---\n');
  t.true(addresses.includes(`inet ${hostAddress()}/`), addresses);
  t.regex(addresses, /lo: <LOOPBACK,UP/);
  t.regex(hosts, /^10\.1\.2\.3\tdb$/m);
  t.regex(hosts, /\tbox first$/m);
  t.regex(rest, /^search corp\.example$/m);
  t.regex(rest, /^nameserver 169\.254\.1\.1$/m);
  t.true(rest.endsWith('\nbox'));
});

test('the host\'s loopback is shut unless --map-gw opens it', async (t) => {
  if (!requires(t, 'userns', 'tun', 'pasta')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const { port, peers } = await serve(t, '127.0.0.1');
  const gateway = 'gw=$(ip route | sed -n "s/default via \\([^ ]*\\).*/\\1/p"); ';
  const shut = world.start(['run', '--rm', 'base', 'sh', '-c', `${gateway} nc -w 3 $gw ${port} </dev/null; nc -w 3 127.0.0.1 ${port} </dev/null; echo over`]);
  t.false((await shut.waitFor(/over/)).input.includes('hello'));
  await shut.exit;
  t.is(peers.length, 0);
  const open = world.start(['run', '--name', 'open', '--network', 'pasta:--map-gw', 'base', 'nc', '-w', '100', 'host.containers.internal', String(port)]);
  await open.waitFor(/hello 127\.0\.0\.1/);
  world.ok('rm', '-f', '-t', '0', 'open');
});

test('published TCP ports are reachable on the addresses that were asked for', async (t) => {
  if (!requires(t, 'userns', 'tun', 'pasta')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const [everywhere, loopback] = [await freePort(), await freePort()];
  startGreeter(world, 'web', '-p', `${everywhere}:80`, '-p', `127.0.0.1:${loopback}:80`);
  t.is(await ask('127.0.0.1', everywhere), 'greetings from web\n');
  t.is(await ask(hostAddress(), everywhere), 'greetings from web\n');
  t.is(await ask('127.0.0.1', loopback), 'greetings from web\n');
  await t.throwsAsync(ask(hostAddress(), loopback));
  t.is(world.ok('port', 'web').split('\n').length, 2);
});

/** Answers each datagram on the given port with the sender's address, the first words of a connection to port 80 likewise. */
const whoami = `
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>
static int listening(int type, int port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
  int fd = socket(AF_INET, type, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) || (type == SOCK_STREAM && listen(fd, 5))) _exit(1);
  return fd;
}
int main(int argc, char **argv) {
  int udp = listening(SOCK_DGRAM, argc > 1 ? atoi(argv[1]) : 0), tcp = listening(SOCK_STREAM, 80);
  puts("ready");
  fflush(stdout);
  for (;;) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(udp, &set);
    FD_SET(tcp, &set);
    select(tcp + 1, &set, 0, 0, 0);
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    char text[64];
    if (FD_ISSET(udp, &set) && recvfrom(udp, text, sizeof text, 0, (struct sockaddr *)&peer, &size) >= 0)
      sendto(udp, text, snprintf(text, sizeof text, "udp %s", inet_ntoa(peer.sin_addr)), 0, (struct sockaddr *)&peer, size);
    if (FD_ISSET(tcp, &set)) {
      int one = accept(tcp, (struct sockaddr *)&peer, &size);
      if (read(one, text, sizeof text) < 0 || write(one, text, snprintf(text, sizeof text, "tcp %s", inet_ntoa(peer.sin_addr))) < 0) return 1;
      close(one);
    }
  }
}
`;

test('published ports carry datagrams too, and the container sees who asks', async (t) => {
  if (!requires(t, 'userns', 'tun', 'pasta', 'gcc')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  writeFileSync(join(world.dir, 'whoami.c'), whoami);
  const built = world.run(['gcc', '-static', '-o', join(world.dir, 'whoami'), join(world.dir, 'whoami.c')]);
  t.is(built.code, 0, built.stderr);
  const [udpPort, tcpPort] = [await freePort(), await freePort()];
  world.ok('run', '-d', '--name', 'who', '-p', `${udpPort}:${udpPort}/udp`, '-p', `${tcpPort}:80`, '-v', `${join(world.dir, 'whoami')}:/whoami:ro`, 'base', '/whoami', String(udpPort));
  while (world.ok('logs', 'who') !== 'ready') t.is(world.ok('inspect', '--format', '{{.State.Status}}', 'who'), 'running');
  const host = hostAddress();
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  const answer = new Promise<string>((resolve) => { socket.on('message', (bytes) => resolve(bytes.toString())); });
  // The same number on both sides: pasta of 2023 sends answers to loopback from the wrong port otherwise.
  const inquire = (): void => { socket.send('who am I', udpPort, '127.0.0.1'); };
  inquire();
  const again = setInterval(inquire, 1000); // a datagram may be lost
  t.is(await within(answer, () => 'no answer').finally(() => { clearInterval(again); }), 'udp 127.0.0.1');
  // The host's own address is the container's too, so pasta shows the gateway's; what matters is that a stranger is not shown as loopback (CVE-2021-20199).
  t.regex(await ask(host, tcpPort), /^tcp (?!127\.)\d/);
});

test('two containers, one port: the second is refused by name of the port, and the first goes on', async (t) => {
  if (!requires(t, 'userns', 'tun', 'pasta')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const port = await freePort();
  startGreeter(world, 'one', '-p', `${port}:80`);
  const second = world.skiff(['run', '-d', '--name', 'two', '-p', `${port}:80`, 'base', 'sleep', '100']);
  t.is(second.code, 126, second.stderr);
  t.regex(second.stderr, new RegExp(`port 0\\.0\\.0\\.0:${port}->80/tcp: .*${port}/tcp is already in use on the host`));
  t.is(world.skiff(['start', 'two']).code, 125, 'as from Podman, whose run has another code for it');
  t.is(await ask('127.0.0.1', port), 'greetings from one\n');
  // Each with a port of its own they live side by side, and a freed port can be had again.
  const other = await freePort();
  startGreeter(world, 'three', '-p', `${other}:80`);
  t.is(await ask('127.0.0.1', other), 'greetings from three\n');
  world.ok('rm', '-f', '-t', '0', 'one');
  startGreeter(world, 'four', '-p', `${port}:80`);
  t.is(await ask('127.0.0.1', port), 'greetings from four\n');
});

test('a port of a service of the host\'s own is refused, also inside a range', async (t) => {
  if (!requires(t, 'userns', 'tun', 'pasta')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const { port } = await serve(t, '127.0.0.1');
  for (const publish of [`${port}:80`, `${port - 1}-${port + 1}:80-82`, `127.0.0.1:${port}:80`]) {
    const run = world.skiff(['run', '--rm', '-p', publish, 'base', 'true']);
    t.is(run.code, 126, publish);
    t.regex(run.stderr, new RegExp(`127\\.0\\.0\\.1:${port}/tcp is already in use on the host`));
  }
});

test('a port below the unprivileged ones is refused with the remedy', (t) => {
  if (!requires(t, 'userns', 'tun', 'pasta')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  if (Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8')) <= 80) {
    t.pass('every port is free to users here');
    return;
  }
  const run = world.skiff(['run', '--rm', '-p', '80:80', 'base', 'true']);
  t.is(run.code, 126);
  t.regex(run.stderr, /binding port 80 needs root/);
  t.regex(run.stderr, /hint: sudo sysctl net\.ipv4\.ip_unprivileged_port_start=80/);
});

test('pasta ends with its container: by its own end, by rm -f, and after kill -9 of the monitor', async (t) => {
  if (!requires(t, 'userns', 'tun', 'pasta')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const pastas = (): string[] => livingProcesses(world.runtime).filter((line) => /^\d+ \S*pasta /.test(line));
  const gone = async (): Promise<string[]> => {
    await until(() => pastas().length === 0, () => pastas().join('; '));
    return pastas();
  };
  world.ok('run', '--rm', 'base', 'true');
  t.deepEqual(await gone(), []);
  world.ok('run', '-d', '--name', 'c', 'base', 'sleep', '1000');
  t.is(pastas().length, 1);
  world.ok('rm', '-f', '-t', '0', 'c');
  t.deepEqual(await gone(), []);
  const id = world.ok('run', '-d', '--name', 'd', 'base', 'sleep', '1000');
  const monitor = livingProcesses(world.runtime).find((line) => line.includes('skiff-monitor') && line.includes(id));
  process.kill(Number(monitor?.split(' ')[0]), 'SIGKILL');
  world.ok('start', 'd');
  await until(() => pastas().length === 1, () => `the first container's pasta has not ended: ${pastas().join('; ')}`);
  world.ok('rm', '-f', '-t', '0', 'd');
  t.deepEqual(await gone(), []);
  t.false(existsSync(join(world.runtime, 'skiff', id)));
});

test('--network container: shares the network, its ports and names', async (t) => {
  if (!requires(t, 'userns', 'tun', 'pasta')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const port = await freePort();
  startGreeter(world, 'owner', '-p', `${port}:80`);
  t.is(world.ok('run', '--rm', '--network', 'container:owner', 'base', 'sh', '-c', 'echo hello | nc -w 100 127.0.0.1 80'), 'greetings from owner');
  t.is(world.ok('run', '--rm', '--network', 'container:owner', 'base', 'cat', '/etc/hosts'), world.ok('exec', 'owner', 'cat', '/etc/hosts'));
  const discarded = world.skiff(['run', '--rm', '--network', 'container:owner', '-p', '8080:80', 'base', 'true']);
  t.is(discarded.code, 0);
  t.regex(discarded.stderr, /Port mappings have been discarded/);
});

test('with --userns=keep-id the network belongs to the container: low ports, pings and sysctls work', async (t) => {
  if (!requires(t, 'userns', 'tun', 'pasta', 'fuse')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const port = await freePort();
  startGreeter(world, 'kept', '--userns', 'keep-id', '-u', '0', '-p', `${port}:80`, '--sysctl', 'net.core.somaxconn=77');
  t.is(await ask('127.0.0.1', port), 'greetings from kept\n');
  t.is(world.ok('exec', 'kept', 'cat', '/proc/sys/net/core/somaxconn'), '77');
  t.is(world.ok('run', '--rm', '--userns', 'keep-id', 'base', 'id', '-u'), String(process.getuid?.()));
});

test('a pasta that does not start is a clear error and leaves nothing', (t) => {
  if (!requires(t, 'userns', 'tun', 'pasta')) return;
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const run = world.skiff(['run', '--rm', '--name', 'x', '--network', 'pasta:--frobnicate', 'base', 'true']);
  t.is(run.code, 126);
  t.regex(run.stderr, /network "pasta": /);
  t.notRegex(run.stderr, /syslog/);
  t.is(world.ok('ps', '-a', '-q'), '');
});
