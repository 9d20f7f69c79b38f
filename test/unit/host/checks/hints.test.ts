import test from 'ava';
import { hintFor } from '../../../../src/host/checks/hints.ts';
import { SkiffError } from '../../../../src/lib/errors.ts';

test('hintFor() leaves an error\'s own hint alone', (t) => {
  t.is(hintFor(new SkiffError('NO_SPACE', 'm', { hint: 'mine' })), 'mine');
});

test('hintFor() names the package of a missing program', (t) => {
  t.regex(hintFor(new SkiffError('HELPER_MISSING', 'm', { data: { program: 'pasta' } })) ?? '', /passt/);
});

test('hintFor() says nothing where nothing is certain', (t) => {
  t.is(hintFor(new SkiffError('IMAGE_UNKNOWN', 'm')), undefined);
  t.is(hintFor(new SkiffError('PERMISSION', 'm')), undefined);
  t.is(hintFor(new SkiffError('PERMISSION', 'm', { data: { path: '/nonexistent' } })), undefined);
  t.is(hintFor(new Error('m')), undefined);
  t.is(hintFor(undefined), undefined);
});

test('hintFor() sends to doctor where a network program failed, not where a port is taken', (t) => {
  t.truthy(hintFor(new SkiffError('NETWORK_FAILED', 'm', { data: { exitCode: 1 } })));
  t.is(hintFor(new SkiffError('NETWORK_FAILED', 'm', { data: { port: 80, protocol: 'tcp' } })), undefined);
});

test('hintFor() names the place that is full', (t) => {
  t.regex(hintFor(new SkiffError('NO_SPACE', 'm', { data: { path: '/store' } })) ?? '', /\/store/);
});
