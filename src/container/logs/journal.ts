/** Reading a container's log from the journal, by journalctl's JSON. */
import { closeSync, read } from 'node:fs';
import { SkiffError } from '../../lib/errors.ts';
import { spawnStream, type Child } from '../../host/run.ts';
import type { LogEntry } from './entry.ts';

export interface JournalRequest {
  id: string;
  tail: number | undefined;
  follow: boolean;
  /** Ends a follow. */
  ended: Promise<unknown>;
  emit: (entry: LogEntry) => void;
}

/**
 * All that is there; with `follow` also what comes, until `ended`, and then what had come by then.
 * @throws HELPER_MISSING HELPER_FAILED
 */
export async function readJournal(request: JournalRequest): Promise<void> {
  const lines = request.tail === undefined ? '--lines=all' : `--lines=${request.tail}`;
  if (!request.follow) return pump(request, [lines]);
  const cursor = await follow(request, lines);
  await pump(request, cursor === undefined ? [lines] : ['--lines=all', `--after-cursor=${cursor}`]);
}

function journalctl({ id }: JournalRequest, options: readonly string[]): Child {
  return spawnStream(journalctlArgv(id, options), { stdin: 'null', stdout: 'pipe', stderr: 'null' });
}

/** Pure. Without --all the text of a message of more than 4096 bytes is null. @see journalctl(1) "json" */
export function journalctlArgv(id: string, options: readonly string[]): string[] {
  return ['journalctl', '--quiet', '--no-pager', '--all', '--output=json', '--output-fields=MESSAGE,PRIORITY,CONTAINER_PARTIAL_MESSAGE', ...options, `CONTAINER_ID_FULL=${id}`];
}

async function pump(request: JournalRequest, options: readonly string[]): Promise<void> {
  const child = journalctl(request, options);
  let whole = false;
  try {
    await emitLines(child, request.emit);
    whole = true;
  } finally {
    if (!whole) child.kill(15); // nobody reads on
  }
  const status = await child.ended;
  if (status.exitCode !== 0) throw new SkiffError('HELPER_FAILED', `read the journal: journalctl ended with ${status.exitCode ?? `signal ${status.signal}`}`);
}

/** Returns the cursor of the last line, undefined where there was none. */
async function follow(request: JournalRequest, lines: string): Promise<string | undefined> {
  const child = journalctl(request, [lines, '--follow']);
  const stop = request.ended.then(() => child.kill(15));
  try {
    // Only the end of the container ends journalctl; an error is one of ours, and ends the wait for that end.
    const [cursor] = await Promise.all([emitLines(child, request.emit), stop]);
    return cursor;
  } finally {
    child.kill(15);
    await child.ended;
  }
}

/** Until the end of the stream. Returns the cursor of the last line. */
async function emitLines(child: Child, emit: (entry: LogEntry) => void): Promise<string | undefined> {
  let rest = '';
  let cursor: string | undefined;
  const buffer = Buffer.allocUnsafe(65536);
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const count = await readSome(child.stdout ?? -1, buffer);
      if (count === 0) return cursor;
      const lines = (rest + decoder.decode(buffer.subarray(0, count), { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const entry = parseJournalLine(line);
        cursor = /"__CURSOR"\s*:\s*"([^"]+)"/.exec(line)?.[1] ?? cursor;
        if (entry !== undefined) emit(entry);
      }
    }
  } finally {
    if (child.stdout !== undefined) closeSync(child.stdout);
  }
}

/** Pure. Text that is no UTF-8 comes as an array of bytes. */
export function parseJournalLine(line: string): LogEntry | undefined {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const message = value['MESSAGE'];
  const text = typeof message === 'string' ? Buffer.from(message) : Array.isArray(message) ? Buffer.from(message as number[]) : undefined;
  if (text === undefined) return undefined;
  const micros = BigInt(String(value['__REALTIME_TIMESTAMP'] ?? '0'));
  const fraction = (micros % 1_000_000n).toString().padStart(6, '0');
  return {
    stream: value['PRIORITY'] === '3' ? 'stderr' : 'stdout',
    time: `${new Date(Number(micros / 1000n)).toISOString().slice(0, 19)}.${fraction}000Z`,
    bytes: value['CONTAINER_PARTIAL_MESSAGE'] === 'true' ? text : Buffer.concat([text, Buffer.from('\n')]),
  };
}

function readSome(fd: number, buffer: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, 0, buffer.length, null, (error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
