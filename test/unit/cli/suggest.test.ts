import test from 'ava';
import { editDistance, nearest } from '../../../src/cli/suggest.ts';

test('editDistance() counts insertions, deletions, substitutions and swaps', (t) => {
  t.is(editDistance('', 'abc'), 3);
  t.is(editDistance('run', 'run'), 0);
  t.is(editDistance('rnu', 'run'), 1);
  t.is(editDistance('exe', 'exec'), 1);
  t.is(editDistance('kitten', 'sitting'), 3);
});

test('nearest() gives the nearest words first, and none that are far', (t) => {
  t.deepEqual(nearest('imagess', ['image', 'images', 'run']), ['images', 'image']);
  t.deepEqual(nearest('rnu', ['rm', 'run', 'rmi', 'ps']), ['run']);
  t.deepEqual(nearest('frobnicate', ['run', 'ps', 'images']), []);
  t.deepEqual(nearest('x', ['ps', 'rm']), []);
});

test('nearest() takes a beginning for what was meant', (t) => {
  t.deepEqual(nearest('comp', ['completion', 'commit'], 1), ['completion']);
});
