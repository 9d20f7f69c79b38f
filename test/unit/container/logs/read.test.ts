import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parseK8sLine, type LogEntry } from '../../../../src/container/logs/entry.ts';
import { followLog, LogReader } from '../../../../src/container/logs/read.ts';

const line = (text: string, kind = 'F'): string => `2026-01-01T00:00:00Z stdout ${kind} ${text}\n`;

function scene(t: { teardown: (fn: () => void) => void }): { path: string; shown: () => string[]; emit: (entry: LogEntry) => void } {
  const dir = mkdtempSync(join(tmpdir(), 'log-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const seen: string[] = [];
  return { path: join(dir, 'ctr.log'), shown: () => seen.splice(0), emit: ({ bytes }) => { seen.push(bytes.toString()); } };
}

function rotate(path: string, files: number): void {
  for (let at = files; at > 1; at--) {
    try {
      renameSync(`${path}.${at - 1}`, `${path}.${at}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  renameSync(path, `${path}.1`);
  writeFileSync(path, '');
}

test('LogReader reads rotated files from the oldest on', (t) => {
  const { path, shown, emit } = scene(t);
  writeFileSync(`${path}.2`, line('1'));
  writeFileSync(`${path}.1`, line('2') + line('3'));
  writeFileSync(path, line('4'));
  const reader = new LogReader({ path, parse: parseK8sLine, tail: undefined, emit });
  reader.pump();
  reader.close();
  t.deepEqual(shown(), ['1\n', '2\n', '3\n', '4\n']);
});

test('LogReader takes the last lines over files, parts belonging to their line', (t) => {
  const { path, shown, emit } = scene(t);
  writeFileSync(`${path}.1`, line('1') + line('2'));
  writeFileSync(path, line('3a', 'P') + line('3b') + line('4'));
  for (const [tail, expected] of [[0, []], [1, ['4\n']], [2, ['3a', '3b\n', '4\n']], [3, ['2\n', '3a', '3b\n', '4\n']], [99, ['1\n', '2\n', '3a', '3b\n', '4\n']]] as const) {
    const reader = new LogReader({ path, parse: parseK8sLine, tail, emit });
    reader.pump();
    reader.close();
    t.deepEqual(shown(), [...expected], `tail ${tail}`);
  }
});

test('LogReader takes the tail of a file larger than what it reads at once', (t) => {
  const { path, shown, emit } = scene(t);
  writeFileSync(path, Array.from({ length: 50_000 }, (_, at) => line(`line ${at}`)).join(''));
  const reader = new LogReader({ path, parse: parseK8sLine, tail: 20_000, emit });
  reader.pump();
  reader.close();
  const lines = shown();
  t.is(lines.length, 20_000);
  t.is(lines[0], 'line 30000\n');
  t.is(lines.at(-1), 'line 49999\n');
});

test('LogReader goes on where it stopped, waits for the rest of a line, and neither loses nor doubles a line over rotations', (t) => {
  const { path, shown, emit } = scene(t);
  writeFileSync(path, line('1'));
  const reader = new LogReader({ path, parse: parseK8sLine, tail: undefined, emit });
  reader.pump();
  t.deepEqual(shown(), ['1\n']);
  const half = line('2');
  appendFileSync(path, half.slice(0, 10));
  reader.pump();
  t.deepEqual(shown(), []);
  appendFileSync(path, half.slice(10) + line('3'));
  rotate(path, 5);
  appendFileSync(path, line('4'));
  rotate(path, 5);
  appendFileSync(path, line('5'));
  rotate(path, 5);
  appendFileSync(path, line('6'));
  reader.pump();
  t.deepEqual(shown(), ['2\n', '3\n', '4\n', '5\n', '6\n']);
  reader.pump();
  reader.close();
  t.deepEqual(shown(), []);
});

test('LogReader goes on with the oldest file that is left when its own has been rotated away', (t) => {
  const { path, shown, emit } = scene(t);
  writeFileSync(path, line('1'));
  const reader = new LogReader({ path, parse: parseK8sLine, tail: undefined, emit });
  reader.pump();
  shown();
  for (const text of ['2', '3', '4']) {
    rotate(path, 1);
    appendFileSync(path, line(text));
  }
  reader.pump();
  reader.close();
  t.deepEqual(shown(), ['3\n', '4\n']);
});

test('LogReader finds a log that is not there yet empty', (t) => {
  const { path, shown, emit } = scene(t);
  const reader = new LogReader({ path, parse: parseK8sLine, tail: 5, emit });
  reader.pump();
  reader.close();
  t.deepEqual(shown(), []);
});

test('followLog() emits what comes until the end, and what came just before it', async (t) => {
  const { path, shown, emit } = scene(t);
  writeFileSync(path, line('1'));
  let end = (): void => {};
  let wake = (): void => {};
  const ended = new Promise<void>((resolve) => { end = resolve; });
  const second = new Promise<void>((resolve) => { wake = resolve; });
  const seen: string[] = [];
  const following = followLog({ path, parse: parseK8sLine, tail: undefined, emit: (entry) => { emit(entry); seen.push(entry.bytes.toString()); if (seen.length === 2) wake(); } }, ended);
  appendFileSync(path, line('2'));
  await second;
  appendFileSync(path, line('3'));
  end();
  await following;
  t.deepEqual(shown(), ['1\n', '2\n', '3\n']);
});
