/**
 * What the launcher says where it can't make the namespace, and which ids it maps. The machine is made worse inside a user
 * namespace: there the test is root, may mount over /etc/subuid and newuidmap, and the launcher makes a nested namespace.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { makeLauncher, type Found } from '../helpers/launched.ts';
import { requires } from '../helpers/requires.ts';
import { makeWorld, projectRoot, skiffBin } from '../helpers/world.ts';
import { parseSubordinateIDs } from '../../src/host/userns/subordinate-ids.ts';

/** Runs `prepare` as root of a user namespace, then the launcher as a user of its own there, with another runtime directory. */
function nested(t: ExecutionContext, prepare: string, options: { verb?: string; prefix?: string } = {}): Found {
  const world = makeWorld(t);
  const launcher = makeLauncher(world);
  const { verb = 'run', prefix = '' } = options;
  const script = `
    set -eu
    cd "${world.dir}"
    mkdir -m 700 runtime
    export XDG_RUNTIME_DIR="$PWD/runtime" SKIFF_MAIN=${launcher.env['SKIFF_MAIN']}
    put() { cat > put.\${1##*/}; mount --bind put.\${1##*/} "$1"; }
    echo root:1000:500 | put /etc/subuid; echo root:1000:500 | put /etc/subgid
    ${prepare}
    ${prefix} ${skiffBin} ${verb}`;
  const result = launcher.inside(script);
  if (result.code !== 0) throw new Error(result.stderr);
  return JSON.parse(result.stdout) as Found;
}

/** The pieces of a map, without its padding. */
const lines = (map: string): string[] => map.trimEnd().split('\n').map((line) => line.trim().replaceAll(/ +/g, ' '));

const ranges: readonly (readonly [string, string, readonly string[]])[] = [
  ['by name', 'root:1000:500', ['0 0 1', '1 1000 500']],
  ['by number', '0:1000:500', ['0 0 1', '1 1000 500']],
  ['several, in the order of the file', 'root:9000:10\nother:1:5000\n0:1000:500\nroot:3000:1', ['0 0 1', '1 9000 10', '11 1000 500', '511 3000 1']],
  ['one that contains the own id', 'root:0:500', ['0 0 1', '1 1 499']],
  ['two that overlap', 'root:1000:500\nroot:1200:500', ['0 0 1', '1 1000 500']],
  ['lines that are none', 'root\nroot:\nroot:x:1\nroot:5\n:1:1\nroot:-1:5\nroot:1 :5\nroot:99999999999:5\nroot:1000:7', ['0 0 1', '1 1000 7']],
  ['a file without a final newline and with carriage returns', 'root:2000:5\r\nroot:1000:7', ['0 0 1', '1 1000 7']],
  ['a last range that is empty', 'root:1000:7\nroot:5000:0', ['0 0 1', '1 1000 7']],
];
for (const [what, text, expected] of ranges) {
  test(`launcher: maps subordinate ids: ${what}`, (t) => {
    const quoted = text.replaceAll('\r', '\\015').replaceAll('\n', '\\n');
    const found = nested(t, `printf '${quoted}' | put /etc/subuid; printf '${quoted}' | put /etc/subgid`);
    t.is(found.env['SKIFF_USERNS'], 'created', found.env['SKIFF_REFUSAL_MESSAGE']);
    t.deepEqual(lines(found.uidMap), expected);
    t.deepEqual(lines(found.gidMap), expected);
  });
}

test('launcher: without subordinate ids maps the own id alone and tells what would mend it', (t) => {
  const found = nested(t, 'echo other:200000:65536 | put /etc/subuid; : | put /etc/subgid');
  t.is(found.env['SKIFF_USERNS'], 'created');
  t.is(found.env['SKIFF_SINGLE_ID'], '1');
  t.deepEqual(lines(found.uidMap), ['0 0 1']);
  t.is(found.env['SKIFF_REFUSAL_HINT'], 'sudo usermod --add-subuids 265536-331071 --add-subgids 265536-331071 root');
});

test('launcher: without groups in /etc/subgid maps the own id alone', (t) => {
  const found = nested(t, ': | put /etc/subgid');
  t.is(found.env['SKIFF_SINGLE_ID'], '1');
});

test('launcher: newuidmap that is missing is named, with the package that has it', (t) => {
  const found = nested(t, `
    for program in $(which -a newuidmap); do : | put $program; done`);
  t.is(found.env['SKIFF_USERNS'], 'refused');
  t.is(found.env['SKIFF_REFUSAL_CODE'], 'HELPER_MISSING');
  t.is(found.env['SKIFF_REFUSAL_MESSAGE'], 'newuidmap is not installed');
  t.regex(found.env['SKIFF_REFUSAL_HINT'] ?? '', /^sudo .*(uidmap|shadow)/);
  t.is(found.uid, 0, 'Node runs outside, where it was started');
});

test('launcher: a newuidmap that fails is quoted', (t) => {
  const found = nested(t, `
    printf '#!/bin/sh\\necho "newuidmap: not today" >&2; exit 1\\n' > fake; chmod 755 fake
    for program in $(which -a newuidmap); do mount --bind fake $program; done`);
  t.is(found.env['SKIFF_REFUSAL_CODE'], 'HELPER_FAILED');
  t.regex(found.env['SKIFF_REFUSAL_MESSAGE'] ?? '', /not today$/);
});

test('launcher: a newuidmap that is no program for this machine is an explained refusal', (t) => {
  const found = nested(t, `
    echo nonsense > fake; chmod 755 fake
    for program in $(which -a newuidmap); do mount --bind fake $program; done`);
  t.is(found.env['SKIFF_REFUSAL_CODE'], 'HELPER_FAILED');
  t.is(found.env['SKIFF_REFUSAL_MESSAGE'], 'newuidmap: Exec format error');
});

test('launcher: a range that newuidmap does not allow is quoted', (t) => {
  const found = nested(t, 'echo root:4294900000:500 | put /etc/subuid');
  t.is(found.env['SKIFF_USERNS'], 'refused');
  t.regex(found.env['SKIFF_REFUSAL_MESSAGE'] ?? '', /^newuidmap: .*(not permitted|not allowed)/);
});

test('launcher: no_new_privs, which makes newuidmap powerless, is named', (t) => {
  const world = makeWorld(t);
  const launcher = makeLauncher(world);
  const result = world.run(['setpriv', '--no-new-privs', skiffBin, 'run'], { env: launcher.env });
  const { env, uid } = JSON.parse(result.stdout) as Found;
  t.is(env['SKIFF_REFUSAL_CODE'], 'HELPER_FAILED');
  t.regex(env['SKIFF_REFUSAL_MESSAGE'] ?? '', /may gain no privileges \(no_new_privs\)/);
  t.regex(env['SKIFF_REFUSAL_HINT'] ?? '', /NoNewPrivileges=no/);
  t.is(uid, process.getuid?.() ?? 0, 'Node runs outside, where it was started');
});

test('launcher: user namespaces that are turned off are named with the sysctl', (t) => {
  const found = nested(t, 'echo 0 > /proc/sys/user/max_user_namespaces');
  t.is(found.env['SKIFF_REFUSAL_CODE'], 'USERNS_FORBIDDEN');
  t.regex(found.env['SKIFF_REFUSAL_MESSAGE'] ?? '', /user\.max_user_namespaces is 0/);
  t.regex(found.env['SKIFF_REFUSAL_HINT'] ?? '', /sysctl/);
});

test('launcher: a limit of user namespaces that is reached is named', (t) => {
  const found = nested(t, 'echo 1 > /proc/sys/user/max_user_namespaces', { prefix: 'unshare -U --map-root-user env' });
  t.regex(found.env['SKIFF_REFUSAL_MESSAGE'] ?? '', /the limit of user namespaces is reached/);
});

test('launcher: a chroot, where the kernel makes no user namespaces, is an explained refusal', (t) => {
  const found = nested(t, 'mkdir tree; mount --rbind / tree', { prefix: 'chroot tree env' });
  t.is(found.env['SKIFF_REFUSAL_CODE'], 'USERNS_FORBIDDEN');
  t.regex(found.env['SKIFF_REFUSAL_HINT'] ?? '', /chroot/);
});

test('launcher: a directory in /tmp that others could have made is not trusted', (t) => {
  const traps: readonly (readonly [string, string, RegExp])[] = [
    ['of another user', 'mkdir -m 700 /tmp/skiff-run-0; chown 5 /tmp/skiff-run-0', /it belongs to another user/],
    ['open to others', 'mkdir -m 755 /tmp/skiff-run-0', /other users have rights on it/],
    ['that is a link', 'mkdir -m 700 /tmp/x; ln -s x /tmp/skiff-run-0', /it is no directory/],
    ['that is a file', 'touch /tmp/skiff-run-0', /it is no directory/],
  ];
  for (const [what, trap, message] of traps) {
    const found = nested(t, `mount -t tmpfs none /tmp; ${trap}; cp report.cjs /tmp/; export SKIFF_MAIN=/tmp/report.cjs; unset XDG_RUNTIME_DIR`);
    t.is(found.env['SKIFF_USERNS'], 'refused', what);
    t.regex(found.env['SKIFF_REFUSAL_MESSAGE'] ?? '', message, what);
    t.is(found.env['SKIFF_RUNTIME_DIR'], '/dev/null/skiff', what);
  }
});

test('launcher: a runtime directory on a full disk is a refusal that names it', (t) => {
  const found = nested(t, 'mount -t tmpfs -o size=4k,nr_inodes=3,mode=700 none runtime; mkdir -m 700 runtime/skiff; touch runtime/skiff/userns.lock');
  t.is(found.env['SKIFF_USERNS'], 'refused');
  t.is(found.env['SKIFF_REFUSAL_CODE'], 'IO');
  t.regex(found.env['SKIFF_REFUSAL_MESSAGE'] ?? '', /No space left on device/);
});

test('subordinate ids are read alike by the launcher and by src/host/userns', (t) => {
  if (!requires(t, 'gcc')) return;
  const pieces = ['root', '0', 'other', '', '1', '500', '65536', '4294967295', '4294967294', '99999999999', '-1', 'x', ' 7', '7 ', '7\t', '07'];
  let seed = 12_345;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const text = Array.from({ length: 3000 }, () => Array.from({ length: 1 + random(4) }, () => pieces[random(pieces.length)]).join(':')).join('\n');
  const world = makeWorld(t);
  const file = join(world.dir, 'subuid');
  writeFileSync(file, text);
  const program = join(world.dir, 'print-subid');
  const top = projectRoot();
  const built = world.run([
    'gcc', '-std=gnu11', `-I${top}/helpers/common`, `${top}/test/fixtures/print-subid.c`, ...['launcher/subid.c', 'launcher/search.c', 'common/die.c'].map((name) => `${top}/helpers/${name}`),
    '-ldl', '-o', program,
  ]);
  t.is(built.code, 0, built.stderr);
  const printed = world.run([program, file, 'root', '0']);
  t.is(printed.code, 0, printed.stderr);
  t.is(printed.stdout, parseSubordinateIDs(text, 'root', 0).map((range) => `${range.start} ${range.count}\n`).join(''));
});
