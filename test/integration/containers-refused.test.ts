/** Wishes that no start could fulfil, or that contradict each other: refused when the container is made, and nothing stays. */
import test from 'ava';
import { importBusybox } from '../helpers/images.ts';
import { makeWorld } from '../helpers/world.ts';

/** The words where they are known are Podman's. */
const refused: readonly (readonly [string[], string])[] = [
  [['--uts', 'host', '--hostname', 'foo'], 'cannot set hostname when running in the host UTS namespace: invalid configuration'],
  [['--network', 'none', '--dns', '1.2.3.4'], 'conflicting options: dns and the network mode: none'],
  [['--network', 'none', '--dns-search', 'x.y'], 'conflicting options: dns and the network mode: none'],
  [['--dns', 'bogus'], 'bogus is not an ip address'],
  [['--dns', 'none', '--dns', '1.1.1.1'], 'none is not allowed to be specified with other DNS ip addresses'],
  [['--add-host', 'bogus'], 'bad format for add-host: "bogus"'],
  [['--add-host', 'a:bogus'], 'invalid IP address in add-host: "bogus"'],
  [['--expose', '70000'], 'invalid range format for --expose: 70000: '],
  [['--network', 'slirp4netns:bogus'], 'network option "bogus" of slirp4netns: '],
  [['--network', 'ns:/nosuch'], 'cannot find specified network namespace path: stat /nosuch: no such file or directory'],
  [['--pid', 'ns:/nosuch'], 'cannot find specified PID namespace path: stat /nosuch: no such file or directory'],
  [['--device', '/dev/nosuch'], 'stat /dev/nosuch: no such file or directory'],
  [['--device', '/etc/passwd'], '/etc/passwd is not a valid device: not a device node'],
  [['-v', '/nosuch:/x'], 'statfs /nosuch: no such file or directory'],
  [['-v', '/tmp:/x:rw,ro'], 'invalid options "rw, ro", can only specify 1 \'rw\' or \'ro\' option'],
  [['-v', '/tmp:/x:bogus'], 'mount "/x": unknown option "bogus"'],
  [['-v', '/tmp:/proc'], 'mount destination "/proc": '],
  [['--label', '=a'], 'unable to process labels: invalid label format: "=a"'],
  [['--annotation', 'a'], 'annotations must be formatted KEY=VALUE'],
  [['--ulimit', 'bogus=1'], 'unknown limit "bogus"'],
  [['--ulimit', 'nofile=10:5'], '--ulimit "nofile=10:5": the soft limit is above the hard limit'],
  [['--sysctl', 'a'], 'a is invalid, sysctl values must be in the form of KEY=VALUE'],
  [['--sysctl', 'kernel.panic=1'], 'sysctl "kernel.panic": '],
  [['--security-opt', 'seccomp=/nosuch'], 'seccomp profile "/nosuch": '],
  [['--hostuser', 'nosuch-user'], '--hostuser "nosuch-user": no such user'],
  [['--log-opt', 'max-size=bogus'], 'invalid size "bogus"'],
  [['--log-opt', 'max-size'], 'invalid log option "max-size"'],
  [['--ipc', 'host', '--shm-size', '5m'], 'cannot set shmsize when running in the host IPC Namespace'],
  [['--group-add', 'keep-groups', '--group-add', '5'], "the '--group-add keep-groups' option is not allowed with any other --group-add options"],
  [['--storage-opt', 'bogus'], '--storage-opt "bogus": '],
];

test('create refuses at once what no start could do', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  for (const [options, message] of refused) {
    const done = world.skiff(['create', ...options, 'base', 'true']);
    t.is(done.code, 125, options.join(' '));
    t.true(done.stderr.startsWith(`Error: ${message}`), `${options.join(' ')}: ${done.stderr}`);
  }
  t.is(world.ok('ps', '-aq'), '');
});

test('ports that nobody can forward are dropped with a warning', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  for (const network of ['none', 'host']) {
    const done = world.skiff(['run', '--rm', '-p', '80', '--network', network, 'base', 'true']);
    t.like(done, { code: 0, stderr: 'warning: Port mappings have been discarded as one of the Host, Container, Pod, and None network modes are in use\n' });
  }
});

test('empty words: a name is made up, a command can not be invoked', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  t.regex(world.ok('create', '--name', '', '--network', 'none', 'base', 'true'), /^[0-9a-f]{64}$/);
  t.like(world.skiff(['run', '--rm', '--network', 'none', 'base', '']), { code: 126, stderr: 'Error: exec "": the command is empty: OCI permission denied\n' });
});
