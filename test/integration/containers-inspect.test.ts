/** What is told about containers: ps, inspect, port, top; and commit, which makes an image of one. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { until } from '../helpers/deadline.ts';
import { importBusybox } from '../helpers/images.ts';
import { makeWorld } from '../helpers/world.ts';

const sleeper = ['base', 'sleep', '100000'];

test('ps shows Podman’s columns, and rows by filter, order and number', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  t.is(world.ok('ps'), 'CONTAINER ID  IMAGE       COMMAND     CREATED     STATUS      PORTS       NAMES');
  world.ok('run', '-d', '--name', 'one', '-l', 'tier=front', '--network', 'none', ...sleeper);
  world.ok('create', '--name', 'two', '--network', 'none', 'base', 'true');
  world.skiff(['run', '--name', 'three', '--network', 'none', 'base', 'sh', '-c', 'exit 3']);
  const names = (...args: string[]): string => world.ok('ps', '--format', '{{.Names}}', ...args);
  t.is(names(), 'one');
  t.is(names('-a'), 'one\ntwo\nthree');
  t.is(names('-a', '--filter', 'status=exited'), 'three');
  t.is(names('--filter', 'exited=3'), 'three');
  t.is(names('-a', '--filter', 'label=tier=front'), 'one');
  t.is(names('-a', '--filter', 'name=t', '--filter', 'status=created'), 'two');
  t.is(names('-a', '--filter', 'since=one'), 'two\nthree');
  t.is(names('-a', '--filter', 'ancestor=base'), 'one\ntwo\nthree');
  t.is(names('-l'), 'three');
  t.is(names('-n', '2'), 'two\nthree');
  t.is(names('-a', '--sort', 'names'), 'one\nthree\ntwo');
  t.is(world.ok('ps', '-q').length, 12);
  t.is(world.ok('ps', '-q', '--no-trunc').length, 64);
  t.is(world.ok('ps', '--noheading', '--format', 'table {{.Names}} {{.Image}}').trim(), 'one         localhost/base:latest');
  const unknown = world.skiff(['ps', '--filter', 'nonsense=1']);
  t.is(unknown.code, 125);
});

test('ps lets no control character of an image reach the terminal in its table', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base', { changes: ['CMD ["\\u001b[31mx"]'] });
  world.ok('create', '--name', 'c', '--network', 'none', '-l', 'a=\u001b[1m', 'base');
  t.regex(world.ok('ps', '-a'), /  \[31mx {2,}/);
  const table = world.ok('ps', '-a', '--format', 'table {{.Command}} {{.Labels}}');
  t.false(table.includes('\u001b'), JSON.stringify(table));
  t.is(world.ok('ps', '-a', '--format', '{{.Command}}'), '\u001b[31mx');
});

test('ps --format json has Podman’s members', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const id = world.ok('run', '-d', '--name', 'one', '-l', 'a=b', '-v', '/tmp:/mnt', '--network', 'none', ...sleeper);
  const [row] = JSON.parse(world.ok('ps', '--format', 'json')) as Record<string, unknown>[];
  t.like(row, { Id: id, Names: ['one'], Command: ['sleep', '100000'], Image: 'localhost/base:latest', Labels: { a: 'b' }, Mounts: ['/mnt'], State: 'running', Exited: false, AutoRemove: false, Ports: null });
  t.true(Number(row?.['Pid']) > 1);
  t.regex(String(row?.['Status']), /^Up /);
});

test('inspect tells what was asked for and what runs', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const id = world.ok('create', '--name', 'one', '-e', 'A=1', '--cap-add', 'NET_ADMIN', '-v', 'vol:/data:ro', '--hostname', 'h', '--network', 'none', ...sleeper);
  const look = (format: string): string => world.ok('inspect', '--format', format, 'one');
  t.is(look('{{.State.Status}} {{.State.Running}} {{.State.Pid}}'), 'created false 0');
  world.ok('start', 'one');
  t.is(look('{{.Id}}'), id);
  t.is(look('{{.State.Status}} {{.Config.Hostname}} {{.HostConfig.NetworkMode}}'), 'running h none');
  t.regex(look('{{.Config.Env}}'), /A=1/);
  t.regex(look('{{.EffectiveCaps}}'), /CAP_NET_ADMIN/);
  t.is(look('{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}} {{.RW}}{{end}}'), 'volume vol /data false');
  world.ok('stop', '-t', '0', 'one');
  t.is(look('{{.State.Status}} {{.State.ExitCode}}'), 'exited 137');
  t.notRegex(look('{{.State.FinishedAt}}'), /^0001/);
});

test('inspect has for templates what scripts ask for, also where it is empty', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '-d', '--name', 'up', '-v', '/tmp:/mnt', '--network', 'none', ...sleeper);
  const look = (format: string): string => world.ok('inspect', '--format', format, 'up');
  t.is(look('{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}|{{.NetworkSettings.Networks}}|{{.State.Health.Status}}|{{index .Config.Labels "x"}}|{{.Config.Entrypoint}}|{{.SizeRw}}'), '|map[]|||[]|<nil>');
  t.is(look('{{json .Config.Labels}} {{json .Mounts}}'), 'null [{"Type":"bind","Source":"/tmp","Destination":"/mnt","Driver":"","Mode":"","Options":["rbind"],"RW":true,"Propagation":"rprivate"}]');
  t.is(look('{{.HostConfig.Binds}} {{.HostConfig.CapDrop}}'), '[/tmp:/mnt:rw,rprivate,rbind] [CAP_AUDIT_WRITE CAP_MKNOD CAP_NET_RAW]');
  t.regex(look('{{.HostConfig.Ulimits}}'), /^\[\{RLIMIT_NOFILE \d+ \d+\} \{RLIMIT_NPROC -?\d+ -?\d+\}\]$/);
  t.regex(look('{{.Created}}'), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000 UTC$/);
  t.regex(look('{{json .Created}}'), /^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"$/);
  t.is(look('{{.State.StartedAt.IsZero}} {{.State.FinishedAt.IsZero}} {{.State.FinishedAt.Year}}'), 'false true 1');
  const monitor = look('{{.State.ConmonPid}}');
  t.is(readFileSync(`/proc/${monitor}/comm`, 'utf8'), 'skiff-monitor\n');
  world.ok('stop', '-t', '0', 'up');
  t.is(look('{{.State.ConmonPid}}|{{.State.CgroupPath}}'), '0|');
  t.is(world.ok('image', 'inspect', '--format', '{{.Config.Cmd}}{{.Config.Entrypoint}}{{.Config.Labels}}{{index .Config.Labels "x"}}{{json .Config}}', 'base'), '[][]map[]{}');
});

test('inspect finds containers before images, and tells of what it does not find', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('create', '--name', 'base', '--network', 'none', 'base', 'true');
  t.is(world.ok('inspect', '--format', '{{.Name}}', 'base'), 'base');
  t.regex(world.ok('inspect', '--type', 'image', '--format', '{{.RepoTags}}', 'base'), /localhost\/base:latest/);
  const partly = world.skiff(['inspect', 'base', 'none']);
  t.is(partly.code, 125);
  t.is((JSON.parse(partly.stdout) as unknown[]).length, 1);
  t.regex(partly.stderr, /no such object: "none"/);
  t.is(world.skiff(['container', 'inspect', 'none']).code, 125);
});

test('top shows the processes with the names of the container, without running anything of it', async (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '-d', '--name', 'c', '-u', 'user', '--network', 'none', 'base', 'sh', '-c', 'sleep 4321 & rm -f /bin/ps; exec sleep 100000');
  await until(() => world.ok('top', 'c', 'comm') === 'COMMAND\nsleep\nsleep', () => world.ok('top', 'c'));
  const rows = world.ok('top', 'c').split('\n').map((line) => line.split(/\s{2,}/));
  t.deepEqual(rows[0], ['USER', 'PID', 'PPID', '%CPU', 'ELAPSED', 'TTY', 'TIME', 'COMMAND']);
  t.deepEqual(rows.slice(1).map((row) => [row[0], row[1], row[2], row[7]]), [['user', '1', '0', 'sleep 100000'], ['user', row1(rows), '1', 'sleep 4321']]);
  t.regex(world.ok('top', 'c', 'hpid,comm'), /^HPID\s+COMMAND\n\d+\s+sleep\n\d+\s+sleep$/);
  world.ok('stop', '-t', '0', 'c');
  t.regex(world.skiff(['top', 'c']).stderr, /running containers/);
});

test('top gives words that are no columns to the ps of the image', async (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '-d', '--name', 'c', '--network', 'none', ...sleeper);
  await until(() => world.ok('top', 'c', 'args') === 'COMMAND\nsleep 100000', () => world.ok('top', 'c'));
  t.regex(world.ok('top', 'c', '-o', 'pid,args'), /^PID\s+COMMAND\n\s*1\s+sleep 100000$/m);
  t.regex(world.ok('top', 'c', 'aux'), /sleep 100000/);
  world.ok('exec', 'c', 'rm', '/bin/ps');
  const without = world.skiff(['top', 'c', 'aux']);
  t.is(without.code, 125);
  t.regex(without.stderr, /top: "aux" is for ps, which the container does not have\nhint: name columns instead/);
  world.ok('stop', '-t', '0', 'c');
  t.regex(world.skiff(['top', 'c', 'aux']).stderr, /running containers/);
});

function row1(rows: readonly string[][]): string {
  return rows[2]?.[1] ?? '';
}

test('commit keeps changes, deletions, modes and owners, and the config with changes', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base', { changes: ['ENV A=1'] });
  world.ok('run', '--name', 'c', '--network', 'none', '-e', 'B=2', 'base', 'sh', '-c', 'echo new > /new; chown 1000:10 /new; chmod 4751 /new; rm /etc/group; mkdir -p /d/e; ln -s ../new /d/link; ln /new /hard');
  const id = world.ok('commit', '--change', 'CMD ["cat","/new"]', '--message', 'why', '--author', 'who', 'c', 'made:1');
  t.regex(id, /^[0-9a-f]{64}$/);
  t.is(world.ok('run', '--rm', '--network', 'none', 'made:1'), 'new');
  t.is(world.ok('run', '--rm', '--network', 'none', 'made:1', 'sh', '-c', 'stat -c "%u %g %a %h" /new; ls /etc/group 2>&1 | wc -l; readlink /d/link; echo $A $B'), '1000 10 4751 2\n1\n../new\n1 2');
  t.is(world.ok('inspect', '--type', 'image', '--format', '{{.Author}} {{.Comment}}', 'made:1'), 'who why');
  t.is(world.ok('inspect', '--type', 'image', '--format', '{{.Id}}', 'made:1'), id);
});

test('ps --size and inspect --size count what other ids own, and links', (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('run', '--name', 'c', '--network', 'none', 'base', 'sh', '-c', 'mkdir -m 700 /d; head -c 5000 /dev/zero > /d/f; ln /d/f /d/same; ln -s 1234567890 /link; chown -R 99:99 /d');
  const { SizeRw, SizeRootFs } = (JSON.parse(world.ok('inspect', '--size', 'c')) as { SizeRw: number; SizeRootFs: number }[])[0] ?? { SizeRw: 0, SizeRootFs: 0 };
  t.is(SizeRw, 5010);
  t.true(SizeRootFs > 500_000);
  t.regex(world.ok('ps', '-a', '--size', '--format', '{{.Size}}'), /^5\.01kB \(virtual /);
  t.regex(world.ok('ps', '-as'), /5\.01kB \(virtual /);
});
