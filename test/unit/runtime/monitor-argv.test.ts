import test from 'ava';
import { attachArgv, execArgv } from '../../../src/runtime/become.ts';
import { globalArgs, soleTrace } from '../../../src/runtime/choose.ts';
import { parseExitRecord } from '../../../src/runtime/exit-record.ts';
import { monitorArgv, type MonitorRequest } from '../../../src/runtime/monitor-argv.ts';
import { parseEvent } from '../../../src/runtime/start-monitor.ts';

const request: MonitorRequest = {
  id: 'abc', runDir: '/run/abc', bundle: '/run/abc', exitFile: '/c/exit.json', runtime: { path: '/usr/bin/crun', name: 'crun', globalArgs: ['--root', '/state'], stateDir: '/state' },
  awaitBundle: false, hold: false, terminal: false, stdin: false, stdinOnce: false, log: { driver: 'json-file', path: '/c/log', options: { 'max-size': '1m' } }, unmount: ['/m'], remove: [],
};

test('monitorArgv() says what the monitor needs and nothing that was not asked for', (t) => {
  t.is(monitorArgv(request, false).join(' '),
    'skiff-monitor --id abc --run-dir /run/abc --bundle /run/abc --exit-file /c/exit.json --status-fd 3 --lock-fd 4 --runtime /usr/bin/crun --runtime-arg --root --runtime-arg /state '
    + '--log-driver json-file --log-path /c/log --log-opt max-size=1m --unmount /m');
});

test('monitorArgv() keeps the order of the removals, and words of the cleanup apart', (t) => {
  const argv = monitorArgv({ ...request, hold: true, terminal: true, stdin: true, stdinOnce: true, remove: ['/first', '/second'], storeLock: '/lock', cleanup: ['skiff', 'rmi', 'a b'], timeoutSeconds: 5 }, true);
  t.is(argv.slice(argv.indexOf('--hold')).join('|'), [
    '--hold', '--terminal', '--stdin', '--stdin-once', '--log-driver', 'json-file', '--log-path', '/c/log', '--log-opt', 'max-size=1m', '--client-fd', '5', '--unmount', '/m',
    '--remove', '/first', '--remove', '/second', '--store-lock', '/lock', '--cleanup', 'skiff', '--cleanup', 'rmi', '--cleanup', 'a b', '--timeout', '5',
  ].join('|'));
});

test('globalArgs() speaks each runtime’s dialect', (t) => {
  t.deepEqual(globalArgs('crun', '/s', { flags: ['debug'], cgroupManager: 'disabled' }), ['--root', '/s', '--cgroup-manager', 'disabled', '--debug']);
  t.deepEqual(globalArgs('runc', '/s', { flags: [], cgroupManager: 'systemd' }), ['--root', '/s', '--systemd-cgroup']);
  t.deepEqual(globalArgs('runc', '/s', { flags: [], cgroupManager: 'cgroupfs' }), ['--root', '/s']);
});

test('attachArgv() names a socket by descriptor or by path', (t) => {
  const wish = { stdin: true, terminal: true, stdout: true, stderr: false, detachKeys: Buffer.from([16, 17]), signalProxy: true, killUnread: false, exitFile: '/e' };
  t.is(attachArgv({ ...wish, socket: 9 }).join(' '), 'skiff-attach --socket-fd 3 --hello-sent --stdin --tty --no-stderr --exit-file /e --detach-keys 1011 --sig-proxy');
  t.is(attachArgv({ ...wish, socket: '/s' }).slice(0, 3).join(' '), 'skiff-attach --socket /s');
  t.is(attachArgv({ ...wish, socket: 9, killUnread: true }).at(-1), '--kill-unread');
});

test('execArgv() gives keys only to a terminal, and the runtime\'s own words last', (t) => {
  const wish = { id: 'abc', runtime: request.runtime, processFd: 20, session: '/run/abc/exec-1', stdin: true, detachKeys: Buffer.from([16, 17]) };
  t.is(execArgv({ ...wish, terminal: false }).join(' '), 'skiff-exec --id abc --session /run/abc/exec-1 --process-fd 3 --stdin -- /usr/bin/crun --root /state');
  t.regex(execArgv({ ...wish, terminal: true, stdin: false }).join(' '), / 3 --tty --detach-keys 1011 -- /);
});

test('parseEvent() skips what it does not understand', (t) => {
  t.deepEqual(parseEvent('{"event":"created","pid":5,"more":1}'), { event: 'created', pid: 5, more: 1 } as never);
  for (const line of ['', 'x', '1', 'null', '{}', '{"event":1}']) t.is(parseEvent(line), undefined, line);
});

test('parseExitRecord() needs an exit code and bears unknown members', (t) => {
  t.deepEqual(parseExitRecord('{"exitCode":137,"startedAt":"a","finishedAt":"b","oomKilled":true,"droppedLogBytes":3,"new":1}'), { exitCode: 137, startedAt: 'a', finishedAt: 'b', oomKilled: true, droppedLogBytes: 3 });
  t.deepEqual(parseExitRecord('{"exitCode":0}'), { exitCode: 0, startedAt: '', finishedAt: '', oomKilled: false, droppedLogBytes: 0 });
  for (const text of ['', '{', 'null', '{}', '{"exitCode":"1"}']) t.is(parseExitRecord(text), undefined, text);
});

test('soleTrace() is the state folder of crun, unless its delete has more to do', (t) => {
  const host = { cgroupManager: 'disabled', ownPidNamespace: true } as const;
  t.is(soleTrace(request.runtime, 'abc', host), '/state/abc');
  t.is(soleTrace(request.runtime, 'abc', { ...host, cgroupManager: 'cgroupfs' }), '/state/abc');
  t.is(soleTrace(request.runtime, 'abc', { ...host, cgroupManager: 'systemd' }), undefined, 'a scope is systemd’s');
  t.is(soleTrace(request.runtime, 'abc', { ...host, ownPidNamespace: false }), undefined, 'processes may be left');
  t.is(soleTrace({ ...request.runtime, name: 'runc' }, 'abc', host), undefined);
});
