import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { auditStore } from '../helpers/audit.ts';
import { importBusybox } from '../helpers/images.ts';
import { makeWorld, type Running } from '../helpers/world.ts';

test('two hundred mixed commands from eight processes on one store: none fails that would not fail alone', async (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  world.ok('save', '-q', '-o', join(world.dir, 'base.tar'), 'base');
  world.ok('run', '-d', '--name', 'shared', '--network', 'none', 'base', 'sleep', '100000');
  const script = (n: number): string[][] => [
    ['run', '--rm', '--network', 'none', 'base', 'true'],
    ['create', '--name', `c${n}`, '--network', 'none', 'base', 'sh', '-c', 'echo x > /x'],
    ['start', '-a', `c${n}`],
    ['tag', 'base', `t${n}:1`],
    ['commit', '-q', `c${n}`, `m${n}`],
    ['run', '--rm', '--network', 'none', `m${n}`, 'cat', '/x'],
    ['ps', '-a'],
    ['images'],
    ['exec', 'shared', 'true'],
    ['load', '-q', '-i', join(world.dir, 'base.tar')],
    ['run', '-d', '--name', `d${n}`, '--network', 'none', 'base', 'sleep', '100000'],
    ['exec', `d${n}`, 'true'],
    ['logs', `d${n}`],
    ['stop', '-t', '0', `d${n}`],
    ['start', `d${n}`],
    ['inspect', `d${n}`],
    ['kill', `d${n}`],
    ['wait', `d${n}`],
    ['rm', '-f', `d${n}`],
    ['rm', `c${n}`],
    ['rmi', `m${n}`],
    ['untag', 'base', `t${n}:1`],
    ['history', 'base'],
    ['run', '--rm', '--network', 'none', 'base', 'sh', '-c', 'exit 0'],
    ['images', '-q'],
  ];
  const failures: string[] = [];
  let count = 0;
  await Promise.all(Array.from({ length: 8 }, async (_, n) => {
    for (const args of script(n)) {
      const running: Running = world.start(args);
      const { code, signal } = await running.exit;
      count++;
      if (code !== 0) failures.push(`${args.join(' ')}: exit ${code} ${signal}: ${running.stderr()}${running.stdout()}`);
    }
  }));
  t.is(count, 200);
  t.deepEqual(failures, []);
  t.deepEqual(world.ok('ps', '-a', '--format', '{{.Names}}').split('\n'), ['shared']);
  t.deepEqual(auditStore(world), []);
});

test('--replace by eight at once: each makes room for itself', async (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const results = await Promise.all(Array.from({ length: 8 }, async (_, n) => {
    const failures: string[] = [];
    for (let round = 0; round < 4; round++) {
      const running = world.start([...(n % 2 === 0 ? ['create'] : ['run', '-d']), '--replace', '--name', 'wanted', '--stop-signal', 'KILL', '--network', 'none', 'base', 'sleep', '100000']);
      if ((await running.exit).code !== 0) failures.push(running.stderr());
    }
    return failures;
  }));
  t.deepEqual(results.flat(), []);
  t.deepEqual(world.ok('ps', '-a', '--format', '{{.Names}}').split('\n'), ['wanted']);
  world.ok('rm', '-f', '-t', '0', 'wanted');
  t.deepEqual(auditStore(world), []);
});

test('one name wanted by eight at once: one gets it, seven are told so', async (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'base');
  const results = await Promise.all(Array.from({ length: 8 }, async () => {
    const running = world.start(['create', '--name', 'wanted', '--network', 'none', 'base', 'true']);
    const { code } = await running.exit;
    return { code, stderr: running.stderr() };
  }));
  t.is(results.filter((result) => result.code === 0).length, 1);
  for (const { stderr } of results.filter((result) => result.code !== 0)) t.regex(stderr, /"wanted"/);
  for (const { code } of results) t.true(code === 0 || code === 125);
  t.deepEqual(auditStore(world), []);
});

test('one image loaded by eight at once is there once', async (t) => {
  const world = makeWorld(t);
  importBusybox(world, 'cargo');
  const file = join(world.dir, 'cargo.tar');
  world.ok('save', '-q', '-o', file, 'cargo');
  world.ok('rmi', 'cargo');
  const codes = await Promise.all(Array.from({ length: 8 }, async () => {
    const running = world.start(['load', '-q', '-i', file]);
    const { code } = await running.exit;
    return `${code}${running.stderr()}`;
  }));
  t.deepEqual(codes, Array.from({ length: 8 }, () => '0'));
  t.is(world.ok('images', '-q').split('\n').length, 1);
  t.deepEqual(auditStore(world), []);
  t.true(readFileSync(file).length > 0);
});
