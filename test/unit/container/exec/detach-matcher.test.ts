import test from 'ava';
import { DetachMatcher } from '../../../../src/container/exec/detach-matcher.ts';

const keys = (text: string): Buffer => Buffer.from(text, 'latin1');

test('DetachMatcher passes everything on but the sequence', (t) => {
  const matcher = new DetachMatcher(keys('\x10\x11'));
  t.deepEqual(matcher.feed(keys('abc')), { pass: keys('abc'), detached: false });
  t.deepEqual(matcher.feed(keys('d\x10')), { pass: keys('d'), detached: false });
  t.deepEqual(matcher.feed(keys('\x11')), { pass: keys(''), detached: true });
});

test('DetachMatcher gives back what it held when the sequence breaks off', (t) => {
  const matcher = new DetachMatcher(keys('\x10\x11'));
  t.deepEqual(matcher.feed(keys('\x10x')), { pass: keys('\x10x'), detached: false });
  t.deepEqual(matcher.feed(keys('\x10\x10\x11')), { pass: keys('\x10'), detached: true });
});

test('DetachMatcher finds a sequence that begins inside another beginning', (t) => {
  t.deepEqual(new DetachMatcher(keys('aab')).feed(keys('aaab')), { pass: keys('a'), detached: true });
  t.deepEqual(new DetachMatcher(keys('abac')).feed(keys('ababac')), { pass: keys('ab'), detached: true });
});

test('DetachMatcher without a sequence never detaches', (t) => {
  t.deepEqual(new DetachMatcher(keys('')).feed(keys('\x10\x11')), { pass: keys('\x10\x11'), detached: false });
});
