import test from 'ava';
import { portsText, sizeText, statusText } from '../../../../../src/cli/commands/container/_ps-row.ts';

const now = Date.parse('2026-01-01T12:00:00Z');

test('statusText() says it as Podman does', (t) => {
  t.is(statusText({ status: 'created' }, now), 'Created');
  t.is(statusText({ status: 'running', pid: 1, startedAt: '2026-01-01T11:57:00Z' }, now), 'Up 3 minutes');
  t.is(statusText({ status: 'exited', exitCode: 137, startedAt: '', finishedAt: '2026-01-01T10:00:00Z', oomKilled: false, droppedLogBytes: 0 }, now), 'Exited (137) 2 hours ago');
});

test('portsText() shows ranges and addresses', (t) => {
  t.is(portsText([
    { containerPort: 80, hostPort: 8080, hostIP: '', protocol: 'tcp', range: 1 }, { containerPort: 1, hostPort: 5, hostIP: '127.0.0.1', protocol: 'udp', range: 3 },
    { containerPort: 9, hostPort: 9, hostIP: '::1', protocol: 'tcp', range: 1 },
  ]), '0.0.0.0:8080->80/tcp, 127.0.0.1:5-7->1-3/udp, [::1]:9->9/tcp');
});

test('sizeText() shows both sizes', (t) => {
  t.is(sizeText({ writableBytes: 0, rootFsBytes: 1_981_000 }), '0B (virtual 1.98MB)');
});
