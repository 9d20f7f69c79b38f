import test from 'ava';
import { controllersVerdict } from '../../../../src/host/checks/cgroup.ts';
import { filesystemName, filesystemVerdict } from '../../../../src/host/checks/filesystems.ts';
import { compareVersions, kernelVerdict, subordinateVerdict } from '../../../../src/host/checks/kernel.ts';
import { isBelowFloor, parseRuntimeVersion } from '../../../../src/host/checks/runtime.ts';

test('compareVersions() goes by numbers, not by text', (t) => {
  t.is(compareVersions('5.9', '5.11'), -1);
  t.is(compareVersions('6.1.0-18-amd64', '6.1'), 0);
  t.is(compareVersions('10.0', '9.9.9'), 1);
  t.is(compareVersions('1.3.6', '1.3.6'), 0);
});

test('kernelVerdict() draws its lines at 4.18 and 5.11', (t) => {
  t.is(kernelVerdict('4.17.19').status, 'fail');
  t.is(kernelVerdict('4.18.0-553.el8').status, 'warn');
  t.is(kernelVerdict('5.10.0-30-amd64').status, 'warn');
  t.is(kernelVerdict('5.11.0').status, 'ok');
  t.is(kernelVerdict('6.18.44').status, 'ok');
});

test('subordinateVerdict() wants 65536 of both kinds', (t) => {
  t.deepEqual(subordinateVerdict(65_536, 65_536, 'do it'), { status: 'ok', found: '65536 for users, 65536 for groups' });
  t.is(subordinateVerdict(65_535, 65_536, 'do it').status, 'warn');
  t.is(subordinateVerdict(65_536, 1000, 'do it').hint, 'do it');
  t.regex(subordinateVerdict(0, 65_536, 'do it').found, /^groups only/);
  t.regex(subordinateVerdict(0, 0, 'do it').found, /^none/);
});

test('isBelowFloor() knows the lines of runc', (t) => {
  for (const version of ['1.1.5', '1.3.5', '1.4.2', '1.2.9']) t.true(isBelowFloor('runc', version), version);
  for (const version of ['1.3.6', '1.3.7', '1.4.3', '1.5.0', '1.6.0', '2.0.0']) t.false(isBelowFloor('runc', version), version);
});

test('isBelowFloor() of crun is 1.30', (t) => {
  t.true(isBelowFloor('crun', '1.8.1'));
  t.true(isBelowFloor('crun', '1.29'));
  t.false(isBelowFloor('crun', '1.30'));
  t.false(isBelowFloor('crun', '1.31.1'));
});

test('parseRuntimeVersion() reads crun and runc, and nothing else', (t) => {
  t.deepEqual(parseRuntimeVersion('crun version 1.8.1\ncommit: f8a0\n'), { runtime: 'crun', version: '1.8.1' });
  t.deepEqual(parseRuntimeVersion('runc version 1.1.5+ds1\ncommit: x\n'), { runtime: 'runc', version: '1.1.5' });
  t.is(parseRuntimeVersion('runsc version release-2024\n'), undefined);
});

test('filesystemVerdict() warns of network filesystems', (t) => {
  t.is(filesystemVerdict(0xef53, '/home').status, 'ok');
  const nfs = filesystemVerdict(0x6969, '/home');
  t.is(nfs.status, 'warn');
  t.regex(nfs.found, /^\/home: NFS/);
  t.truthy(nfs.hint);
});

test('filesystemName() takes a magic that statfs gave as a negative number', (t) => {
  t.is(filesystemName(0xff534d42 | 0), 'CIFS');
  t.is(filesystemName(0x1234), undefined);
});

test('controllersVerdict() names what is missing', (t) => {
  t.is(controllersVerdict(['cpu', 'cpuset', 'io', 'memory', 'pids', 'misc']).status, 'ok');
  t.is(controllersVerdict(['cpuset', 'cpu', 'memory', 'pids']).status, 'ok'); // no flag of ours needs io
  const some = controllersVerdict(['memory', 'pids']);
  t.is(some.status, 'warn');
  t.is(some.found, 'memory pids; without cpu cpuset');
  t.regex(some.hint ?? '', /Delegate=cpu cpuset io memory pids/);
});
