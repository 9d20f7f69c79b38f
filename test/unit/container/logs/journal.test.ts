import test from 'ava';
import { journalctlArgv, parseJournalLine } from '../../../../src/container/logs/journal.ts';

test('journalctlArgv() asks for messages in full: without --all those of more than 4096 bytes come as null', (t) => {
  const argv = journalctlArgv('ab', ['--lines=3']);
  t.is(argv[0], 'journalctl');
  for (const word of ['--all', '--output=json', '--lines=3', 'CONTAINER_ID_FULL=ab']) t.true(argv.includes(word), word);
});

test('parseJournalLine() reads text and bytes, the stream by the priority, and parts of lines', (t) => {
  const line = { __REALTIME_TIMESTAMP: '1700000000123456', PRIORITY: '6', MESSAGE: 'x'.repeat(16_384), CONTAINER_PARTIAL_MESSAGE: 'true' };
  t.deepEqual(parseJournalLine(JSON.stringify(line)), { stream: 'stdout', time: '2023-11-14T22:13:20.123456000Z', bytes: Buffer.from('x'.repeat(16_384)) });
  const bytes = { __REALTIME_TIMESTAMP: '1700000000000000', PRIORITY: '3', MESSAGE: [0xff, 0xfe] };
  t.deepEqual(parseJournalLine(JSON.stringify(bytes)), { stream: 'stderr', time: '2023-11-14T22:13:20.000000000Z', bytes: Buffer.from([0xff, 0xfe, 0x0a]) });
  t.is(parseJournalLine('no JSON'), undefined);
});
