import test from 'ava';
import { clientWish, detachKeys } from '../../../src/container/attach.ts';

test('detachKeys() reads letters and control keys', (t) => {
  t.deepEqual([...detachKeys(undefined)], [0x10, 0x11]);
  t.deepEqual([...detachKeys('ctrl-a,b,ctrl-],ctrl-@')], [1, 0x62, 0x1d, 0]);
  t.deepEqual([...detachKeys('CTRL-P')], [0x10]);
});

test('detachKeys() of the empty text is no sequence', (t) => {
  t.is(detachKeys('').length, 0);
});

test('detachKeys() refuses what is no key', (t) => {
  for (const text of ['ctrl-', 'ctrl-1', 'ab', 'a,', 'é']) t.throws(() => detachKeys(text), { message: /is no key/ }, text);
});

test('clientWish() attaches stdin only where the container keeps it open', (t) => {
  t.deepEqual(clientWish({ interactive: false, terminal: false }), { stdin: false, stdout: true, stderr: true });
  t.deepEqual(clientWish({ interactive: true, terminal: true }), { stdin: true, stdout: true, stderr: true });
  t.deepEqual(clientWish({ interactive: true, terminal: false, streams: new Set(['stderr']) }), { stdin: false, stdout: false, stderr: true });
});
