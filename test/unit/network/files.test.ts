import test from 'ava';
import { isCode } from '../../../src/lib/errors.ts';
import { parseRoute, parseRoute6 } from '../../../src/network/host-interface.ts';
import { buildHosts, parseAddHost, type HostsRequest } from '../../../src/network/hosts.ts';
import { ipFamily } from '../../../src/network/ip.ts';
import { buildResolvConf, isOnlyStub, parseResolvConf, type ResolvRequest } from '../../../src/network/resolv.ts';

const hosts = (request: Partial<HostsRequest>): string => buildHosts({ base: '', added: [], own: [], ownNames: [], ...request });
const resolv = (request: Partial<ResolvRequest>): string =>
  buildResolvConf({ host: { nameservers: [], search: [], options: [] }, dns: [], search: [], options: [], extra: [], dropLoopback: true, ...request });

test('parseAddHost() reads every form', (t) => {
  t.deepEqual(parseAddHost('db:10.0.0.1'), { names: ['db'], address: '10.0.0.1' });
  t.deepEqual(parseAddHost('db;db2:::1'), { names: ['db', 'db2'], address: '::1' });
  t.deepEqual(parseAddHost('db=[fe80::1]'), { names: ['db'], address: 'fe80::1' });
  t.deepEqual(parseAddHost('me:host-gateway'), { names: ['me'], address: 'host-gateway' });
  for (const text of ['', 'db', ':1.2.3.4', 'db:', 'db:nowhere', 'a b:1.2.3.4', 'a\nb:1.2.3.4', '#x:1.2.3.4']) t.true(isCode(t.throws(() => parseAddHost(text)), 'USAGE'), text);
});

test('buildHosts() puts the user\'s names first and his over the host\'s', (t) => {
  const base = '127.0.0.1 localhost laptop # me\n# comment\n\n10.0.0.9\tdb other\nnonsense here\n';
  t.is(hosts({ base, added: ['db:10.0.0.1', 'gate:host-gateway'], hostAddress: '169.254.1.2', own: ['192.0.2.2', 'fd00::2'], ownNames: ['box', 'name', 'box', ''] }),
    '10.0.0.1\tdb\n169.254.1.2\tgate\n127.0.0.1\tlocalhost laptop\n10.0.0.9\tother\n169.254.1.2\thost.containers.internal host.docker.internal\n192.0.2.2\tbox name\nfd00::2\tbox name\n');
});

test('buildHosts() always knows localhost, and no host that can\'t be reached', (t) => {
  t.is(hosts({ own: ['127.0.0.1'], ownNames: ['box'] }), '127.0.0.1\tlocalhost\n::1\tlocalhost\n127.0.0.1\tbox\n');
  t.true(isCode(t.throws(() => hosts({ added: ['gate:host-gateway'] })), 'UNSUPPORTED'));
});

test('parseResolvConf() reads the host\'s file', (t) => {
  const conf = parseResolvConf('# x\nnameserver 127.0.0.53 ; stub\n nameserver\t1.1.1.1\nsearch a.b c.d\noptions edns0 trust-ad\nsortlist x\n');
  t.deepEqual(conf, { nameservers: ['127.0.0.53', '1.1.1.1'], search: ['a.b', 'c.d'], options: ['edns0', 'trust-ad'] });
  t.false(isOnlyStub(conf));
  t.true(isOnlyStub(parseResolvConf('nameserver 127.0.0.53')));
  t.false(isOnlyStub(parseResolvConf('')));
});

test('buildResolvConf() leaves out what a container can\'t reach', (t) => {
  const host = { nameservers: ['127.0.0.53', '::1', 'fe80::1%eth0', '10.0.0.1', '169.254.1.1'], search: ['corp'], options: ['edns0'] };
  t.is(resolv({ host, extra: ['169.254.1.1'] }), 'search corp\nnameserver 169.254.1.1\nnameserver 10.0.0.1\noptions edns0\n');
  t.is(resolv({ host, dropLoopback: false }).match(/nameserver/g)?.length, 5);
  t.is(resolv({}), '');
});

test('buildResolvConf() takes the user\'s settings instead of the host\'s', (t) => {
  const host = { nameservers: ['10.0.0.1'], search: ['corp'], options: ['edns0'] };
  t.is(resolv({ host, extra: ['169.254.1.1'], dns: ['9.9.9.9', '::1'], search: ['a', 'b'], options: ['ndots:5'] }), 'search a b\nnameserver 9.9.9.9\nnameserver ::1\noptions ndots:5\n');
  t.is(resolv({ host, dns: ['none'], search: ['.'] }), 'options edns0\n');
  for (const request of [{ dns: ['evil.example'] }, { search: ['a\nnameserver 6.6.6.6'] }, { options: ['x\r'] }]) t.true(isCode(t.throws(() => resolv(request)), 'USAGE'), JSON.stringify(request));
});

test('ipFamily() tells addresses from other text', (t) => {
  for (const text of ['0.0.0.0', '255.255.255.255', '127.0.0.1']) t.is(ipFamily(text), 4, text);
  for (const text of ['::', '::1', 'fe80::1%eth0', '1:2:3:4:5:6:7:8', '::ffff:1.2.3.4', '2001:DB8::', '1::8']) t.is(ipFamily(text), 6, text);
  for (const text of ['', '1.2.3', '256.1.1.1', '1.2.3.4.5', '01.2.3.4', ':', ':::', '1::2::3', '1:2:3:4:5:6:7', '12345::', 'g::', '1:2:3:4:5:6:7:8:9', '1.2.3.4%eth0', '1:2:3:4:5:6:7::8']) t.is(ipFamily(text), 0, text);
});

test('parseRoute() and parseRoute6() find the default route with the lowest metric', (t) => {
  const head = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
  const v4 = `${head}wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\neth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\neth0\t000200C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n`;
  t.deepEqual(parseRoute(v4), { interface: 'eth0', gateway: '192.0.2.1' });
  t.is(parseRoute(head), undefined);
  const zero = '0'.repeat(32);
  t.deepEqual(parseRoute6(`${zero} 00 ${zero} 00 fd000000000000000000000000000001 00000400 00000001 00000000 00000003 eth0\n`), { interface: 'eth0', gateway: 'fd00:0:0:0:0:0:0:1' });
  t.is(parseRoute6(`${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200 lo\n`), undefined);
});
