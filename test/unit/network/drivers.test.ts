import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { mainHostAddress } from '../../../src/network/host-interface.ts';
import { isCode } from '../../../src/lib/errors.ts';
import { settlePlan } from '../../../src/network/driver.ts';
import { pastaArgv } from '../../../src/network/drivers/pasta.ts';
import { slirp4netns, slirpArgv } from '../../../src/network/drivers/slirp4netns.ts';
import { pastaFeatures } from '../../../src/network/features.ts';
import type { NetworkPlan } from '../../../src/network/index.ts';

const old = { mapGuestAddress: false, dnsForward: true };

function makePlan(changes: Partial<NetworkPlan> = {}): NetworkPlan {
  return { kind: 'pasta', options: [], ports: [], netnsPath: '/run/c/netns', stateDir: '/run/c', runtimeDir: '/run', ...changes };
}

test('pastaArgv() forwards nothing that was not asked for', (t) => {
  t.deepEqual(pastaArgv('/usr/bin/pasta', makePlan(), old), [
    '/usr/bin/pasta', '--config-net', '--pid', '/run/c/pasta.pid', '--dns-forward', '169.254.1.1', '-t', 'none', '-u', 'none', '-T', 'none', '-U', 'none', '--no-map-gw', '--quiet', '--netns', '/run/c/netns',
  ]);
  t.true(pastaArgv('pasta', makePlan(), { ...old, mapGuestAddress: true }).join(' ').includes('--map-guest-addr 169.254.1.2'));
});

test('pastaArgv() writes ports with address and range', (t) => {
  const argv = pastaArgv('pasta', makePlan({
    ports: [
      { containerPort: 80, hostPort: 8080, hostIP: '', protocol: 'tcp', range: 1 }, { containerPort: 90, hostPort: 9000, hostIP: '::1', protocol: 'tcp', range: 3 },
      { containerPort: 53, hostPort: 5353, hostIP: '127.0.0.1', protocol: 'udp', range: 1 },
    ],
  }), old).join(' ');
  t.true(argv.includes('-t 8080:80 -t ::1/9000-9002:90-92 -u 127.0.0.1/5353:53 -T none'), argv);
});

test('pastaArgv() lets the user\'s options replace ours', (t) => {
  const argv = pastaArgv('pasta', makePlan({ options: ['--map-gw', '-T', '5432', '--dns-forward', '10.0.0.5', '-t', 'auto'] }), old);
  t.false(argv.includes('--no-map-gw') || argv.includes('--map-gw'));
  t.is(argv.filter((word) => word === '-T').length, 1);
  t.is(argv.filter((word) => word === '-t').length, 1);
  t.is(argv.filter((word) => word === '--dns-forward').length, 1);
  t.deepEqual(argv.slice(-6), ['-T', '5432', '--dns-forward', '10.0.0.5', '-t', 'auto']);
});

test('pastaFeatures() finds options in the program, and remembers them', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-pasta-'));
  t.teardown(() => { rmSync(dir, { recursive: true }); });
  const [before, fresh] = ['before', 'fresh'].map((name) => join(dir, name)) as [string, string];
  writeFileSync(before, '\x7fELF\0dns-forward\0no-map-gw\0');
  writeFileSync(fresh, '\x7fELF\0dns-forward\0map-guest-addr\0');
  for (const round of [1, 2]) {
    t.deepEqual(pastaFeatures(before, dir), { mapGuestAddress: false, dnsForward: true }, `${round}`);
    t.deepEqual(pastaFeatures(fresh, dir), { mapGuestAddress: true, dnsForward: true }, `${round}`);
  }
  const wrapper = join(dir, 'wrapper');
  writeFileSync(wrapper, '#!/bin/sh\necho "  --map-guest-addr ADDR" >&2\n', { mode: 0o755 });
  t.deepEqual(pastaFeatures(wrapper, dir), { mapGuestAddress: true, dnsForward: false }, 'a script has to be asked');
});

test('slirpArgv() keeps the host\'s loopback shut unless asked', (t) => {
  const words = slirpArgv('slirp4netns', makePlan({ kind: 'slirp4netns' }));
  for (const word of ['--disable-host-loopback', '--enable-sandbox', '--enable-seccomp', '--ready-fd=3']) t.true(words.includes(word), word);
  t.false(words.includes('--api-socket') || words.some((word) => word.startsWith('--exit-fd')));
  t.deepEqual(words.slice(-3), ['--netns-type=path', '/run/c/netns', 'tap0']);
  const open = slirpArgv('slirp4netns', makePlan({ options: ['allow_host_loopback=true', 'cidr=10.9.8.0/24', 'mtu=1500', 'enable_ipv6=false'], exitFd: 9 }));
  t.false(open.includes('--disable-host-loopback') || open.includes('--enable-ipv6'));
  for (const word of ['--cidr=10.9.8.0/24', '--mtu=1500', '--exit-fd=4']) t.true(open.includes(word), word);
  for (const option of ['frob=1', 'cidr=x', 'mtu=big', 'allow_host_loopback=yes', 'port_handler=x']) t.true(isCode(t.throws(() => slirpArgv('slirp4netns', makePlan({ options: [option] }))), 'USAGE'), option);
});

test('slirp4netns.facts() counts addresses from the network\'s', (t) => {
  const facts = slirp4netns.facts(makePlan({ options: ['cidr=10.9.8.128/25', 'allow_host_loopback=true'] }));
  t.deepEqual(facts.nameservers, ['10.9.8.131']);
  t.is(facts.hostAddress, '10.9.8.130');
  t.deepEqual(facts.addresses[0], { family: 4, address: '10.9.8.228', prefix: 25, gateway: '10.9.8.130', interface: 'tap0' });
  // Its own address, never its loopback.
  t.is(slirp4netns.facts(makePlan()).hostAddress, mainHostAddress());
  t.false(slirp4netns.facts(makePlan()).hostAddress?.startsWith('127.') === true);
});

test('settlePlan() falls back to slirp4netns, says so once, and refuses without either', (t) => {
  const runtimeDir = mkdtempSync(join(tmpdir(), 'skiff-'));
  t.teardown(() => rmSync(runtimeDir, { recursive: true }));
  const plan = makePlan({ runtimeDir });
  const only = (wanted: string) => (name: string): string | undefined => (name === wanted ? `/usr/bin/${name}` : undefined);
  t.is(settlePlan(plan, only('pasta')).plan, plan);
  const first = settlePlan(plan, only('slirp4netns'));
  t.is(first.plan.kind, 'slirp4netns');
  t.regex(first.notice ?? '', /using slirp4netns/);
  t.deepEqual(settlePlan(plan, only('slirp4netns')), { plan: { ...plan, kind: 'slirp4netns' } });
  t.is(settlePlan({ ...plan, options: ['--map-gw'] }, only('slirp4netns')).plan.kind, 'pasta');
  t.true(isCode(t.throws(() => settlePlan(plan, only('x'))), 'HELPER_MISSING'));
});
