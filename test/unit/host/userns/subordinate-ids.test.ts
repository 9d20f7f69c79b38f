import test from 'ava';
import { firstFreeID, parseSubordinateIDs } from '../../../../src/host/userns/subordinate-ids.ts';

test('parseSubordinateIDs() takes lines by name and by number, in order', (t) => {
  const text = 'other:100000:65536\nme:300000:10\n1000:200000:20\nme:1:1';
  t.deepEqual(parseSubordinateIDs(text, 'me', 1000), [{ start: 300_000, count: 10 }, { start: 200_000, count: 20 }, { start: 1, count: 1 }]);
});

test('parseSubordinateIDs() does not take a name for its beginning', (t) => {
  t.deepEqual(parseSubordinateIDs('me2:1:5\nm:1:5\n10000:1:5', 'me', 1000), []);
});

test('parseSubordinateIDs() passes over what is no grant', (t) => {
  t.deepEqual(parseSubordinateIDs('me\nme:\nme:1\nme:x:5\nme:1:x\nme:-1:5\nme:1:0\nme:4294967295:1\n#me:1:5', 'me', 1000), []);
});

test('parseSubordinateIDs() cuts a range that runs past the last id', (t) => {
  t.deepEqual(parseSubordinateIDs('me:4294967290:100', 'me', 1000), [{ start: 4_294_967_290, count: 5 }]);
});

test('parseSubordinateIDs() of a user without a name goes by number', (t) => {
  t.deepEqual(parseSubordinateIDs('undefined:1:5\n1000:7:5', undefined, 1000), [{ start: 7, count: 5 }]);
});

test('firstFreeID() is after all ranges of all files, at least 100000', (t) => {
  t.is(firstFreeID('', ''), 100_000);
  t.is(firstFreeID('a:5:10\n', ''), 100_000);
  t.is(firstFreeID('a:100000:65536\nb:165536:65536\n', 'c:500000:10\n'), 500_010);
});
