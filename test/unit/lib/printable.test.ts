import test from 'ava';
import { printable } from '../../../src/lib/printable.ts';

test('printable() lets no control character through but line feeds and tabs', (t) => {
  t.is(printable('a\tb\nc é \u{1F40B}'), 'a\tb\nc é \u{1F40B}');
  t.is(printable('\u001b[31mred\u0007\r\u009b2J\u007f\u0000'), '?[31mred???2J??');
});
