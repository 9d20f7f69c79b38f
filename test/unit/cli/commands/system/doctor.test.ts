import test from 'ava';
import { renderResults } from '../../../../../src/cli/commands/system/doctor.run.ts';
import { goNames } from '../../../../../src/cli/commands/system/info-report.ts';

test('renderResults() groups, aligns, and puts the remedy below', (t) => {
  const text = renderResults([
    { group: 'one', title: 'a', status: 'ok', found: 'fine' },
    { group: 'one', title: 'longer', status: 'fail', found: 'two\nlines', hint: 'do this\nthen that' },
    { group: 'two', title: 'b', status: 'warn', found: 'so so' },
  ]);
  t.is(text, [
    'one', '  ok    a       fine', '  fail  longer  two lines', '        hint: do this', '              then that', '', 'two', '  warn  b       so so', '',
  ].join('\n'));
});

test('goNames() gives the field names of Podman\'s templates', (t) => {
  t.deepEqual(goNames({ host: { cpus: 2, os: 'linux', idMappings: { uidmap: [{ container_id: 0 }] } }, store: { graphStatus: { 'Backing Filesystem': 'ext4' } } }), {
    Host: { CPUs: 2, OS: 'linux', IDMappings: { UIDMap: [{ ContainerID: 0 }] } }, Store: { GraphStatus: { 'Backing Filesystem': 'ext4' } },
  });
});
