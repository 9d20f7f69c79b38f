import test from 'ava';
import { hintFor } from '../../../src/host/checks/hints.ts';
import { isCode } from '../../../src/lib/errors.ts';
import { assignHostPorts, checkFree, parseTable, readListeners } from '../../../src/network/listening.ts';
import type { PortBinding } from '../../../src/network/index.ts';
import { checkBindings, conflicts, formatBinding, parsePublish, sameAddress } from '../../../src/network/ports.ts';

const port = (hostPort: number, containerPort: number, more: Partial<PortBinding> = {}): PortBinding => ({ containerPort, hostPort, hostIP: '', protocol: 'tcp', range: 1, ...more });

test('parsePublish() reads every form', (t) => {
  t.deepEqual(parsePublish('80'), [port(0, 80)]);
  t.deepEqual(parsePublish('8080:80'), [port(8080, 80)]);
  t.deepEqual(parsePublish('8080:80/udp'), [port(8080, 80, { protocol: 'udp' })]);
  t.deepEqual(parsePublish('8080:80/TCP,udp'), [port(8080, 80), port(8080, 80, { protocol: 'udp' })]);
  t.deepEqual(parsePublish('127.0.0.1:8080:80'), [port(8080, 80, { hostIP: '127.0.0.1' })]);
  t.deepEqual(parsePublish('127.0.0.1::80'), [port(0, 80, { hostIP: '127.0.0.1' })]);
  t.deepEqual(parsePublish('[::1]:8080:80/sctp'), [port(8080, 80, { hostIP: '::1', protocol: 'sctp' })]);
  t.deepEqual(parsePublish('[::1]::80'), [port(0, 80, { hostIP: '::1' })]);
  t.deepEqual(parsePublish('8000-8002:80-82'), [port(8000, 80, { range: 3 })]);
  t.deepEqual(parsePublish('80-82'), [port(0, 80, { range: 3 })]);
  t.deepEqual(parsePublish('0:80'), [port(0, 80)]);
  t.deepEqual(parsePublish(':80'), [port(0, 80)]);
  t.deepEqual(parsePublish('8000:80-82'), [port(8000, 80, { range: 3 })]);
});

test('parsePublish() refuses what is no port, address or range', (t) => {
  for (const text of ['', ':', '80:', 'http', '80/', '80/icmp', '65536', '99999999999', '8080:0', '-1:80', '80-79', '8000-8001:80-82', '1.2.3:80:80', '::1:80:80', '[::1]80:80', '[::1:80:80', '1:2:3:4', '65535:80-81', '0-5', ' 80', '127.0.0.1:80', '1e3', '0x50']) {
    t.true(isCode(t.throws(() => parsePublish(text), undefined, text), 'USAGE'), text);
  }
});

test('formatBinding() shows a binding as the peers do', (t) => {
  t.is(formatBinding(port(8080, 80)), '0.0.0.0:8080->80/tcp');
  t.is(formatBinding(port(8000, 80, { range: 3, hostIP: '::1', protocol: 'udp' })), '[::1]:8000-8002->80-82/udp');
});

test('conflicts() compares protocol, address and range', (t) => {
  t.true(conflicts(port(80, 1), port(80, 2)));
  t.true(conflicts(port(80, 1, { range: 5 }), port(84, 2)));
  t.false(conflicts(port(80, 1, { range: 4 }), port(84, 2)));
  t.false(conflicts(port(80, 1), port(80, 1, { protocol: 'udp' })));
  t.false(conflicts(port(80, 1, { hostIP: '127.0.0.1' }), port(80, 2, { hostIP: '127.0.0.2' })));
  t.true(conflicts(port(80, 1, { hostIP: '127.0.0.1' }), port(80, 2)));
  t.false(conflicts(port(0, 1), port(0, 1)));
  t.false(sameAddress('0.0.0.0', '::1'));
  t.true(sameAddress('::', '127.0.0.1'));
});

test('checkBindings() refuses a port published twice, and one that needs root with the remedy', (t) => {
  t.notThrows(() => checkBindings([port(8080, 80), port(8081, 80)], 1024));
  const twice = t.throws(() => checkBindings([port(8080, 80), port(8080, 81)], 1024));
  t.true(isCode(twice, 'USAGE'));
  t.is(twice.message, 'port 0.0.0.0:8080->81/tcp: published twice, also as 0.0.0.0:8080->80/tcp');
  const low = t.throws(() => checkBindings([port(80, 80)], 1024));
  t.true(isCode(low, 'NETWORK_FAILED') && low.hint === 'sudo sysctl net.ipv4.ip_unprivileged_port_start=80');
  t.notThrows(() => checkBindings([port(80, 80), port(0, 80)], 80));
});

const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 020200C0:1F91 05060708:01BB 01 00000000:00000000 00:00000000 00000000     0        0 2 1
`;
const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3 1
   1: B80D01200000000000000000010000FE:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4 1
   2: 0000000000000000FFFF0000020200C0:0051 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4 1
`;

test('parseTable() decodes listening sockets', (t) => {
  t.deepEqual(parseTable('tcp', tcp), [{ protocol: 'tcp', address: '127.0.0.1', port: 8080 }]);
  t.deepEqual(parseTable('tcp', tcp6).map(({ address, port }) => [address, port]), [['::', 22], ['2001:db8::fe00:1', 80], ['192.0.2.2', 81]]);
  t.is(parseTable('udp', tcp).length, 2);
  t.deepEqual(parseTable('tcp', ''), []);
});

test('checkFree() names the port that is taken', (t) => {
  const listeners = readListeners(new Set(['tcp']), (path) => (path === '/proc/net/tcp' ? tcp : path === '/proc/net/tcp6' ? tcp6 : ''));
  const error = t.throws(() => checkFree([port(8079, 80, { range: 3 })], listeners));
  t.true(isCode(error, 'NETWORK_FAILED'));
  t.is(error.message, 'port 0.0.0.0:8079-8081->80-82/tcp: 127.0.0.1:8080/tcp is already in use on the host');
  t.is(hintFor(error), "see who has it: ss -tlnp 'sport = :8080'; or publish another port");
  t.regex(t.throws(() => checkFree([port(22, 22, { hostIP: '127.0.0.1' })], listeners)).message, /\[::\]:22\/tcp is already in use/);
  t.notThrows(() => checkFree([port(8080, 80, { hostIP: '127.0.0.2' }), port(8080, 80, { protocol: 'udp' }), port(8081, 80)], listeners));
});

test('assignHostPorts() takes free ports apart from each other and keeps given ones', (t) => {
  const listeners = [{ protocol: 'tcp' as const, address: '0.0.0.0', port: 32_769 }];
  const assigned = assignHostPorts([port(0, 80), port(32_768, 81), port(0, 82, { range: 2 }), port(0, 53, { protocol: 'udp' })], listeners, () => 0);
  t.deepEqual(assigned.map(({ hostPort }) => hostPort), [32_770, 32_768, 32_771, 32_768]);
  t.true(assignHostPorts([port(0, 80)], [], () => 0.999_999)[0]!.hostPort < 61_000);
});
