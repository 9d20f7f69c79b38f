import test from 'ava';
import { convertProfile, parseProfile, type Profile } from '../../../../src/container/spec/seccomp.ts';
import { defaultProfile } from '../../../../src/container/spec/seccomp-default.ts';
import { isCode } from '../../../../src/lib/errors.ts';
import type { Seccomp } from '../../../../src/oci/runtime-spec.ts';

const target = { arch: 'x64', capabilities: ['CAP_CHOWN', 'CAP_SYS_CHROOT'], kernel: '6.1.0-18-amd64' };

function actionsOf(seccomp: Seccomp, name: string): string[] {
  return (seccomp.syscalls ?? []).filter((rule) => rule.names.includes(name)).map(({ action }) => action);
}

test('convertProfile() takes the rules whose conditions hold', (t) => {
  const profile: Profile = {
    defaultAction: 'SCMP_ACT_ERRNO', defaultErrno: 'ENOSYS',
    archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }, { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: null }],
    syscalls: [
      { names: ['a'], action: 'SCMP_ACT_ALLOW' },
      { name: 'b', action: 'SCMP_ACT_ERRNO', errno: 'EPERM', includes: { caps: ['CAP_SYS_ADMIN'] } },
      { name: 'c', action: 'SCMP_ACT_ERRNO', errnoRet: 13, excludes: { caps: ['CAP_SYS_ADMIN'] } },
      { name: 'd', action: 'SCMP_ACT_ALLOW', includes: { arches: ['arm64', 'amd64'] } },
      { name: 'e', action: 'SCMP_ACT_ALLOW', includes: { arches: ['s390x'] } },
      { name: 'f', action: 'SCMP_ACT_ALLOW', includes: { minKernel: '6.2' } },
      { name: 'g', action: 'SCMP_ACT_ALLOW', includes: { minKernel: '5.19' }, args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] },
      { name: 'h', action: 'SCMP_ACT_ALLOW', excludes: { arches: ['amd64'] } },
      { name: 'i', action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_CHOWN', 'CAP_SYS_ADMIN'] } },
    ],
  };
  t.deepEqual(convertProfile(profile, target), {
    defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 38, architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
    syscalls: [
      { names: ['a'], action: 'SCMP_ACT_ALLOW' },
      { names: ['c'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 },
      { names: ['d'], action: 'SCMP_ACT_ALLOW' },
      { names: ['g'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 1, valueTwo: 0, op: 'SCMP_CMP_EQ' }] },
    ],
  });
  t.deepEqual(convertProfile(profile, { ...target, arch: 'arm64' }).architectures, ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']);
});

test('parseProfile() refuses what is no profile', (t) => {
  for (const text of ['', '[]', 'null', '{}', '{"defaultAction":1}', '{"defaultAction":"A","syscalls":{}}', '{"defaultAction":"A","syscalls":[{"names":[1],"action":"B"}]}', '{"defaultAction":"A","syscalls":[{"names":["x"]}]}']) {
    t.true(isCode(t.throws(() => parseProfile(text, 'x.json')), 'CONFIG_INVALID'), text);
  }
});

test('defaultProfile() lets programs work and keeps the machine shut', (t) => {
  const plain = convertProfile(defaultProfile(), target);
  for (const name of ['read', 'openat', 'openat2', 'clone3', 'execve', 'futex', 'statx', 'faccessat2', 'close_range', 'epoll_pwait2', 'rseq', 'clock_gettime64', 'socketcall', 'chroot']) {
    t.deepEqual(actionsOf(plain, name), ['SCMP_ACT_ALLOW'], name);
  }
  for (const name of ['bpf', 'init_module', 'kexec_load', 'open_by_handle_at', 'setns', 'userfaultfd', 'perf_event_open', 'keyctl2', 'io_uring_setup', 'swapon', 'add_key']) {
    t.false(actionsOf(plain, name).includes('SCMP_ACT_ALLOW'), name);
  }
  t.is(plain.defaultErrnoRet, 38);
  const admin = convertProfile(defaultProfile(), { ...target, capabilities: ['CAP_SYS_ADMIN'] });
  t.deepEqual(actionsOf(admin, 'setns'), ['SCMP_ACT_ALLOW']);
  t.deepEqual(actionsOf(admin, 'chroot'), ['SCMP_ACT_ERRNO']);
});

test('defaultProfile() refuses personalities that switch protections off, and audit sockets', (t) => {
  const { syscalls = [] } = convertProfile(defaultProfile(), target);
  t.deepEqual(syscalls.filter(({ names }) => names.includes('personality')).map(({ args }) => args?.[0]?.value), [0, 8, 0x20000, 0x20008, 0xffffffff]);
  t.deepEqual(syscalls.filter(({ names }) => names.includes('socket')).map(({ action, errnoRet }) => [action, errnoRet]), [['SCMP_ACT_ERRNO', 22], ['SCMP_ACT_ALLOW', undefined], ['SCMP_ACT_ALLOW', undefined]]);
});
