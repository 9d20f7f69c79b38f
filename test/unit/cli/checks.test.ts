import test from 'ava';
import { exclusive, isGiven, latestAlone, namesOr, requires } from '../../../src/cli/options/checks.ts';
import { createChecks, createOptions } from '../../../src/cli/options/create.ts';
import type { OptionValues } from '../../../src/cli/spec.ts';

test('isGiven() counts a bool only where it is true', (t) => {
  t.deepEqual([{ x: true }, { x: false }, {}, { x: '' }, { x: 0 }, { x: [] }].map((options) => isGiven(options, 'x')), [true, false, false, true, true, true]);
});

test('exclusive() refuses two of a kind', (t) => {
  const check = exclusive('a', 'b', 'c');
  t.notThrows(() => check({ a: true, b: false }, []));
  t.throws(() => check({ a: true, c: 'x' }, []), { code: 'USAGE', message: '--a and --c cannot be used together' });
});

test('requires() refuses an option alone', (t) => {
  t.notThrows(() => requires('time', 'force')({ time: 1, force: true }, []));
  t.throws(() => requires('time', 'force')({ time: 1 }, []), { code: 'USAGE', message: '--time needs --force' });
});

test('namesOr() wants names or a chooser, and not both', (t) => {
  const check = namesOr('all', 'latest', 'cidfile');
  t.notThrows(() => check({}, ['x']));
  t.notThrows(() => check({ all: true }, []));
  t.notThrows(() => check({ cidfile: ['f'] }, []));
  t.throws(() => check({}, []), { message: 'you must provide at least one name or id' });
  t.throws(() => check({ all: true }, ['x']), { message: 'no arguments are needed with --all' });
  t.throws(() => check({ latest: true }, ['x']), { message: '--latest and containers cannot be used together' });
  t.throws(() => check({ cidfile: ['f'] }, ['x']), { message: 'no arguments are needed with --latest or --cidfile' });
  t.throws(() => namesOr('filter')({ filter: ['name=x'] }, ['x']), { message: '--filter takes no arguments' });
  t.throws(() => check({ cidfile: ['f'], latest: true }, []), { message: '--all, --latest, and --cidfile cannot be used together' });
  t.throws(() => check({ all: true, latest: true }, []), { message: '--all and --latest cannot be used together' });
});

test('latestAlone() refuses names beside --latest', (t) => {
  t.notThrows(() => latestAlone()({ latest: true }, []));
  t.notThrows(() => latestAlone()({}, ['x']));
  t.throws(() => latestAlone('arguments')({ latest: true }, ['x']), { code: 'USAGE', message: '--latest and arguments cannot be used together' });
});

const refused: readonly OptionValues[] = [
  { replace: true }, { rm: true, restart: 'always' }, { 'no-hosts': true, 'add-host': ['a:1.2.3.4'] }, { cpus: 1, 'cpu-quota': 5 }, { cpus: 1, 'cpu-period': 5 },
  { 'log-driver': 'passthrough', tty: true },
];
const taken: readonly OptionValues[] = [{}, { replace: true, name: 'x' }, { rm: true, restart: 'no' }, { 'no-hosts': true }, { 'log-driver': 'passthrough' }, { 'cpu-quota': 1, 'cpu-period': 2 }];

for (const options of refused) {
  test(`options of run and create refuse ${JSON.stringify(options)}`, (t) => {
    t.throws(() => { for (const check of createChecks) check(options, ['image']); }, { code: 'USAGE' });
  });
}

for (const options of taken) {
  test(`options of run and create take ${JSON.stringify(options)}`, (t) => {
    t.notThrows(() => { for (const check of createChecks) check(options, ['image']); });
  });
}

test('checks of run and create name options that there are', (t) => {
  const names = new Set(createOptions.map(({ name }) => name));
  for (const options of [...refused, ...taken]) for (const name of Object.keys(options)) t.true(names.has(name), name);
});
