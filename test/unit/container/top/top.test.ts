import test from 'ava';
import { parseDescriptors, topRows, type TopContext } from '../../../../src/container/top/columns.ts';
import { parseProcess, terminalName } from '../../../../src/container/top/parse.ts';

const stat = (name: string): string => `4242 (${name}) S 4000 4242 4242 34816 4242 4194560 100 0 0 0 150 50 0 0 20 5 1 0 1000 4096000 300 18446744073709551615`;
const status = 'Name:\tsh\nUid:\t1000\t1001\t1000\t1000\nGid:\t10\t11\t10\t10\nVmRSS:\t     640 kB\nNSpid:\t4242\t7\nNSpgid:\t4242\t7\nCapEff:\t00ff\nSeccomp:\t2\n';
const process_ = parseProcess(4242, stat('a) b ('), status, Buffer.from('sh\0-c\0x y\0'));
const context: TopContext = { nowTicks: 3000, ticksPerSecond: 100, pids: new Map([[4242, 7], [4000, 1]]), userName: (uid) => `u${uid}`, groupName: (gid) => `g${gid}`, hostUser: (uid) => String(uid + 100_000) };

test('parseProcess() is not fooled by a name with parentheses', (t) => {
  t.is(process_.command, 'a) b (');
  t.is(process_.hostParent, 4000);
  t.is(process_.state, 'S');
  t.is(process_.cpuTicks, 200);
  t.is(process_.nice, 5);
});

test('parseProcess() shows a process without command line by its name', (t) => {
  t.is(parseProcess(1, stat('kworker'), status, Buffer.alloc(0)).args, '[kworker]');
  t.is(process_.args, 'sh -c x y');
});

test('topRows() has Podman’s columns by default', (t) => {
  t.deepEqual(topRows([process_], parseDescriptors([]) ?? [], context), [
    ['USER', 'PID', 'PPID', '%CPU', 'ELAPSED', 'TTY', 'TIME', 'COMMAND'],
    ['u1001', '7', '1', '10.000', '20s', 'pts/0', '2s', 'sh -c x y'],
  ]);
});

test('topRows() fills the columns that were named', (t) => {
  t.deepEqual(topRows([process_], parseDescriptors(['hpid,huser', 'rss', 'seccomp', '%U']) ?? [], context)[1], ['4242', '101001', '640', 'filter', 'u1001']);
});

test('parseDescriptors() leaves what is no descriptor to ps', (t) => {
  for (const words of [['nope'], ['pid', 'nope'], ['-ef'], ['aux'], ['-eo', 'pid,comm'], ['toString']]) t.is(parseDescriptors(words), undefined, words.join(' '));
});

test('terminalName() knows pseudo-terminals, consoles and none', (t) => {
  t.is(terminalName(0), '?');
  t.is(terminalName((136 << 8) | 3), 'pts/3');
  t.is(terminalName((4 << 8) | 1), 'tty1');
});
