import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readRuntimeState, runtimeKnows } from '../../../src/runtime/state-files.ts';

test('readRuntimeState() reads what crun and runc keep, and nothing from other files', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'state-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  for (const [id, file, text] of [['c', 'status', '{"pid":7,"process-start-time":99}'], ['r', 'state.json', '{"init_process_pid":8,"init_process_start":100}'], ['x', 'status', '{'], ['y', 'status', '{"pid":0,"process-start-time":1}']] as const) {
    mkdirSync(join(dir, id));
    writeFileSync(join(dir, id, file), text);
  }
  t.deepEqual(readRuntimeState(dir, 'c'), { pid: 7, startTime: '99' });
  t.deepEqual(readRuntimeState(dir, 'r'), { pid: 8, startTime: '100' });
  for (const id of ['x', 'y', 'none']) t.is(readRuntimeState(dir, id), undefined, id);
  t.true(runtimeKnows(dir, 'x'));
  t.false(runtimeKnows(dir, 'none'));
});
