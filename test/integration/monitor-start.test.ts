/** A container's birth as its monitor reports it: events, errors, what the command may rely on. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { killContainer } from '../../src/runtime/client.ts';
import { containerID, makeMonitorWorld } from '../helpers/monitor.ts';
import { jsonLines } from '../helpers/monitor-log.ts';
import { lives, shell, startWaiting, waiting } from '../helpers/monitor-container.ts';
import { requires } from '../helpers/requires.ts';

/** A runtime that is a script. Returns its path. */
function scriptAt(path: string, text: string): string {
  writeFileSync(path, `#!/bin/sh\n${text}`);
  chmodSync(path, 0o755);
  return path;
}

test.serial('while the container runs the lock is held and state.json names its process', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = await startWaiting(world);
  const { container: pid, startedAt } = run;
  t.true(world.lockHeld());
  const state = JSON.parse(readFileSync(join(world.runDir, 'state.json'), 'utf8')) as { pid: number; startedAt: string; startTime: number };
  t.is(state.pid, pid);
  t.is(state.startedAt, startedAt);
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  t.is(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19], String(state.startTime));
  t.is(statSync(join(world.runDir, 'attach')).mode & 0o777, 0o600);
  t.is(killContainer(world.runDir, 15), 'sent');
  await run.ended;
  t.false(world.lockHeld());
});

test.serial('a command that is not there is an error with the words of the runtime, and no record', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: ['/bin/nothing'] });
  const event = await run.expectEvent('error');
  t.is(event['op'], 'runtime');
  t.not(event['exitCode'], 0);
  t.regex(String(event['stderr']), /nothing/);
  t.is((await run.ended).code, 1);
  t.false(existsSync(world.exitFile));
  t.false(world.lockHeld());
  t.true(existsSync(join(world.runDir, 'config.json')), 'the bundle is the command\'s to remove');
});

test.serial('with a terminal the words of the runtime are told as well', async (t) => {
  if (!requires(t, 'userns')) return;
  const run = makeMonitorWorld(t).start({ command: ['/bin/nothing'], terminal: true });
  const event = await run.expectEvent('error');
  t.regex(String(event['stderr']), /nothing/);
});

test.serial('a runtime that is not there is told by errno', async (t) => {
  if (!requires(t, 'userns')) return;
  const run = makeMonitorWorld(t).start({ command: ['/bin/true'], runtime: '/nowhere/crun' });
  t.deepEqual(await run.expectEvent('error'), { event: 'error', op: 'execve', arg: '/nowhere/crun', errno: 2 });
});

test.serial('what a failing runtime says is cut to its last 4 KiB and stays valid JSON', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const runtime = scriptAt(join(world.dir, 'runtime.sh'), 'yes "a line" | head -n 4000 >&2\nprintf "the \\"end\\" \\377\\001" >&2\nexit 7\n');
  const event = await world.start({ command: ['/bin/true'], runtime }).expectEvent('error');
  t.is(event['exitCode'], 7);
  const said = String(event['stderr']);
  t.true(said.endsWith('the "end" \ufffd\u0001'));
  t.is(said.length, 4096);
});

/** Says on stderr how it was started, and fails. */
const inquisitive = `
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>
int main(void)
{
  struct statvfs status;
  const char *word = getenv("_LIBCONTAINER_CLONED_BINARY");
  int open = 0;
  for (int fd = 3; fd < 64; fd++)
    open += lseek(fd, 0, SEEK_CUR) >= 0;
  if (statvfs("/proc/self/exe", &status) < 0)
    return 8;
  fprintf(stderr, "%s, %s, %d more descriptors", status.f_flag & ST_RDONLY ? "read-only" : "writable", word ? word : "no word", open);
  return 7;
}`;

test.serial('crun runs from a read-only mount of itself, and is told so, which spares it making one (CVE-2019-5736); others run as they are', async (t) => {
  if (!requires(t, 'userns', 'gcc')) return;
  const told = async (name: string): Promise<unknown> => {
    const world = makeMonitorWorld(t);
    const runtime = join(world.dir, name);
    const compiled = spawnSync('gcc', ['-x', 'c', '-o', runtime, '-'], { input: inquisitive, encoding: 'utf8' });
    t.is(compiled.status, 0, compiled.stderr);
    const event = await world.start({ command: ['/bin/true'], runtime }).expectEvent('error');
    t.is(event['exitCode'], 7);
    return event['stderr'];
  };
  t.is(await told('crun'), 'read-only, 1, 0 more descriptors');
  t.is(await told('other'), 'writable, no word, 0 more descriptors');
});

test.serial('a script of the name crun runs as well', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const runtime = scriptAt(join(world.dir, 'crun'), 'echo "I am a script" >&2\nexit 7\n');
  const event = await world.start({ command: ['/bin/true'], runtime }).expectEvent('error');
  t.deepEqual([event['exitCode'], event['stderr']], [7, 'I am a script\n']);
});

test.serial('--hold: the container waits for "start"', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const run = world.start({ command: shell('echo hello; exit 4'), args: ['--hold'] });
  const { pid } = await run.expectEvent('created') as { pid: number };
  t.true(lives(pid));
  t.is(readFileSync(world.log, 'utf8'), '');
  run.say('start\n');
  t.is((await run.expectEvent('started'))['pid'], pid);
  await run.ended;
  t.is(world.exitRecord()?.exitCode, 4);
  t.deepEqual(jsonLines(world.log).map(({ log }) => log), ['hello\n']);
});

test.serial('--hold: a command that goes before "start" takes the container with it, with no trace', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  const container = join(world.dir, 'container');
  mkdirSync(container);
  const run = world.start({ command: waiting, args: ['--hold', '--remove', container] });
  const { pid } = await run.expectEvent('created') as { pid: number };
  run.closeStatus();
  await run.ended;
  t.false(lives(pid));
  t.false(existsSync(world.runDir));
  t.false(existsSync(world.exitFile));
  t.false(existsSync(container));
  t.false(existsSync(join(world.dir, 'state', containerID)));
});

test.serial('no descriptor of the monitor reaches the container', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeMonitorWorld(t);
  await world.run({ command: shell('cd /proc/self/fd; echo *'), before: 'exec 7</dev/null 8<"$1"', client: { stdout: true } });
  // The fourth is the folder's own, open while it is listed.
  t.regex(jsonLines(world.log).map(({ log }) => log).join(''), /^0 1 2( 3)?\n$/);
});
