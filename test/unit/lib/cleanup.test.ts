import test from 'ava';
import { CleanupStack } from '../../../src/lib/cleanup.ts';

test('close() runs the releases in reverse, once', async (t) => {
  const done: string[] = [];
  const stack = new CleanupStack();
  stack.push('first', () => void done.push('first'));
  stack.push('second', async () => void done.push('second'));
  await stack.close();
  await stack.close();
  t.deepEqual(done, ['second', 'first']);
});

test('close() runs all releases though one fails, and throws what failed', async (t) => {
  const done: string[] = [];
  const stack = new CleanupStack();
  stack.push('a', () => void done.push('a'));
  stack.push('b', () => { throw new Error('b failed'); });
  stack.push('c', () => void done.push('c'));
  await t.throwsAsync(stack.close(), { message: 'b failed' });
  t.deepEqual(done, ['c', 'a']);
});

test('close() throws several failures together', async (t) => {
  const stack = new CleanupStack();
  stack.push('a', () => { throw new Error('a'); });
  stack.push('b', () => { throw new Error('b'); });
  const error = await t.throwsAsync(stack.close(), { instanceOf: AggregateError });
  t.is((error as AggregateError).errors.length, 2);
});

test('close(primary) throws nothing, so that the first failure is the one reported', async (t) => {
  const stack = new CleanupStack();
  stack.push('a', () => { throw new Error('a'); });
  await t.notThrowsAsync(stack.close(new Error('primary')));
});

test('disarm() keeps what was acquired', async (t) => {
  let released = 0;
  const stack = new CleanupStack();
  stack.push('x', () => void released++);
  stack.disarm();
  await stack.close();
  t.is(released, 0);
});
