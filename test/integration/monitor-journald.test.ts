/** The journald driver, against a stand-in for the journal. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { containerID, makeMonitorWorld } from '../helpers/monitor.ts';
import { shell } from '../helpers/monitor-container.ts';
import { requires } from '../helpers/requires.ts';
import { projectRoot } from '../helpers/world.ts';

test.serial('journald: the fields are Podman\'s, any byte goes through', async (t) => {
  if (!requires(t, 'userns', 'gcc')) return;
  const world = makeMonitorWorld(t);
  const sink = join(world.dir, 'sink');
  const built = spawnSync('gcc', ['-O1', '-o', sink, join(projectRoot(), 'test/fixtures/journal-sink.c')], { encoding: 'utf8' });
  t.is(built.status, 0, built.stderr);
  const journal = join(world.dir, 'journal');
  await world.run({
    command: shell(String.raw`printf 'hello\n\377\000x\n'; head -c 16390 /dev/zero | tr '\0' z; printf 'bad\n' >&2`),
    log: ['--log-driver', 'journald', '--log-opt', 'name=web', '--log-opt', 'tag=label'],
    before: `mount -t tmpfs none /run; mkdir -p /run/systemd/journal; shift; exec "${sink}" /run/systemd/journal/socket "${journal}" "$@"`,
  });
  const messages = datagrams(readFileSync(journal)).map(journalFields);
  const of = (stream: string): Record<string, string>[] => messages.filter((fields) => fields['PRIORITY'] === stream);
  t.deepEqual(of('6').map((fields) => fields['MESSAGE']), ['hello', '\xff\0x', 'z'.repeat(16384), 'z'.repeat(6)]);
  t.deepEqual(of('6').map((fields) => fields['CONTAINER_PARTIAL_MESSAGE']), [undefined, undefined, 'true', 'true']);
  t.deepEqual(of('3'), [{
    CONTAINER_ID_FULL: containerID, CONTAINER_ID: containerID.slice(0, 12), CONTAINER_NAME: 'web', CONTAINER_TAG: 'label', SYSLOG_IDENTIFIER: 'label', PRIORITY: '3', MESSAGE: 'bad',
  }]);
});

function datagrams(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const newline = bytes.indexOf(10, at);
    const size = Number(bytes.toString('latin1', at, newline));
    found.push(bytes.subarray(newline + 1, newline + 1 + size));
    at = newline + 1 + size;
  }
  return found;
}

function journalFields(bytes: Buffer): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at);
    const line = bytes.toString('latin1', at, end);
    const equals = line.indexOf('=');
    if (equals >= 0) {
      fields[line.slice(0, equals)] = line.slice(equals + 1);
      at = end + 1;
    } else {
      const size = Number(bytes.readBigUInt64LE(end + 1));
      fields[line] = bytes.toString('latin1', end + 9, end + 9 + size);
      at = end + 9 + size + 1;
    }
  }
  return fields;
}

test.serial('journald where there is none is refused, by name', async (t) => {
  if (!requires(t, 'userns')) return;
  const run = makeMonitorWorld(t).start({ command: ['/bin/true'], log: ['--log-driver', 'journald'], before: 'mount -t tmpfs none /run' });
  t.deepEqual(await run.expectEvent('error'), { event: 'error', op: 'open the log', arg: '/run/systemd/journal/socket', errno: 2 });
});
