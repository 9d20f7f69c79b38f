import test from 'ava';
import { endsLine, parseJsonLine, parseK8sLine, timeMs, toBytes } from '../../../../src/container/logs/entry.ts';

test('parseJsonLine() reads an entry of Docker’s format', (t) => {
  const entry = parseJsonLine(Buffer.from('{"log":"a\\tb\\n","stream":"stderr","time":"2026-01-01T00:00:00.5Z"}'));
  t.deepEqual(entry, { stream: 'stderr', time: '2026-01-01T00:00:00.5Z', bytes: Buffer.from('a\tb\n') });
});

test('parseJsonLine() gives undefined for half-written and foreign lines', (t) => {
  for (const line of ['{"log":"a', '', '1', 'null', '{"log":1,"time":"x"}', '{"log":"x"}']) t.is(parseJsonLine(Buffer.from(line)), undefined, line);
});

test('toBytes() gives the bytes back that are no UTF-8', (t) => {
  t.deepEqual(toBytes('a\udcff\udc80b'), Buffer.from([0x61, 0xff, 0x80, 0x62]));
  t.deepEqual(toBytes('é\u{1f600}'), Buffer.from('é\u{1f600}'));
  t.deepEqual(toBytes('\u{1f600}\udcfe\u{1f600}'), Buffer.concat([Buffer.from('\u{1f600}'), Buffer.from([0xfe]), Buffer.from('\u{1f600}')]));
});

test('parseK8sLine() knows whole lines and parts', (t) => {
  t.deepEqual(parseK8sLine(Buffer.from('2026-01-01T00:00:00Z stdout F some text')), { stream: 'stdout', time: '2026-01-01T00:00:00Z', bytes: Buffer.from('some text\n') });
  t.deepEqual(parseK8sLine(Buffer.from('2026-01-01T00:00:00Z stderr P part'))?.bytes, Buffer.from('part'));
  t.deepEqual(parseK8sLine(Buffer.concat([Buffer.from('T stdout F '), Buffer.from([0xff])]))?.bytes, Buffer.from([0xff, 0x0a]));
  t.is(parseK8sLine(Buffer.from('nonsense')), undefined);
});

test('endsLine() is false for a part of a line', (t) => {
  t.true(endsLine({ stream: 'stdout', time: '', bytes: Buffer.from('x\n') }));
  t.false(endsLine({ stream: 'stdout', time: '', bytes: Buffer.from('x') }));
  t.false(endsLine({ stream: 'stdout', time: '', bytes: Buffer.alloc(0) }));
});

test('timeMs() keeps fractions below a millisecond', (t) => {
  const at = (time: string) => timeMs({ stream: 'stdout', time, bytes: Buffer.alloc(0) });
  t.is(at('1970-01-01T00:00:01Z'), 1000);
  t.true(at('1970-01-01T00:00:00.000000002Z') > at('1970-01-01T00:00:00.000000001Z'));
  t.is(at('1970-01-01T01:00:00.5+01:00'), 500);
});
