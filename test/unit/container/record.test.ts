import test from 'ava';
import { parseRecord } from '../../../src/container/record.ts';
import { parseContainerID } from '../../../src/oci/ids.ts';

const id = parseContainerID('ab'.repeat(32));

test('parseRecord() takes a record of ours for its id only', (t) => {
  const text = JSON.stringify({ ID: id, Name: '/x', Config: {}, Skiff: { version: 1 } });
  t.is(parseRecord(text, id)?.Name, '/x');
  t.is(parseRecord(text, parseContainerID('cd'.repeat(32))), undefined);
});

test('parseRecord() counts torn, empty and foreign records as none', (t) => {
  for (const text of ['', '{', 'null', '[]', '"x"', JSON.stringify({ ID: id, Config: {} })]) t.is(parseRecord(text, id), undefined, text);
});

test('parseRecord() refuses a record of a newer skiff', (t) => {
  t.throws(() => parseRecord(JSON.stringify({ ID: id, Config: {}, Skiff: { version: 2 } }), id), { message: /format 2/ });
});
