import test from 'ava';
import { isObject } from '../../../src/lib/json.ts';

test('isObject() is true for JSON objects only', (t) => {
  t.deepEqual([{}, [], null, 'x', 1].map((value) => isObject(value)), [true, false, false, false, false]);
});
