/**
 * Reading a log in the file formats: what there is, and then what comes until the container ends.
 *
 * `read` opens all files of the log at once; `follow` goes on from the newest of them, over any number of rotations: the
 * next file after one is the one that stands next to it by then (files.ts).
 */
import { closeSync, watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import { endsLine, type LogEntry, type ParseLine } from './entry.ts';
import { LineReader, openLog, openLogFiles, tailOffset, type OpenLog } from './files.ts';

export interface ReadRequest {
  path: string;
  parse: ParseLine;
  /** Only the last so many lines; undefined: all. */
  tail: number | undefined;
  emit: (entry: LogEntry) => void;
}

/** What there is now. The reader goes on where it stopped when it is asked again. */
export class LogReader {
  readonly #request: ReadRequest;
  #current: { log: OpenLog; reader: LineReader } | undefined;

  constructor(request: ReadRequest) {
    this.#request = request;
  }

  /** Emits everything that was written up to now and not emitted yet. */
  pump(): void {
    if (this.#current === undefined) {
      this.#begin();
      return;
    }
    for (;;) {
      this.#drain(this.#current);
      const next = this.#successor(this.#current.log);
      if (next === undefined) return;
      // Whoever rotates writes to the old file before the new one is there: one more look gets what came in between.
      this.#drain(this.#current);
      closeSync(this.#current.log.fd);
      this.#current = { log: next, reader: new LineReader(next.fd, 0) };
    }
  }

  close(): void {
    if (this.#current !== undefined) closeSync(this.#current.log.fd);
    this.#current = undefined;
  }

  #begin(): void {
    const files = openLogFiles(this.#request.path);
    const starts = this.#starts(files);
    files.forEach((log, at) => {
      const reader = new LineReader(log.fd, starts[at] ?? 0);
      this.#drain({ reader });
      if (at < files.length - 1) closeSync(log.fd);
      else this.#current = { log, reader };
    });
  }

  /** Where in each file to begin. */
  #starts(files: readonly OpenLog[]): number[] {
    const { tail, parse } = this.#request;
    if (tail === undefined) return files.map(() => 0);
    let wanted = tail;
    let last = true;
    return files.toReversed().map((log) => {
      const { offset, found } = tailOffset(log.fd, wanted, (line) => {
        const entry = parse(line);
        if (entry === undefined) return false;
        // The last line counts also where its end is not written yet.
        const counts = last || endsLine(entry);
        last = false;
        return counts;
      });
      wanted -= found;
      return offset;
    }).toReversed();
  }

  #drain(file: { reader: LineReader }): void {
    for (const line of file.reader.lines()) {
      const entry = this.#request.parse(line);
      if (entry !== undefined) this.#request.emit(entry);
    }
  }

  /** The file that was begun when `log` was full; undefined while `log` is the one being written. */
  #successor(log: OpenLog): OpenLog | undefined {
    const newest = openLog(this.#request.path);
    if (newest !== undefined) closeSync(newest.fd);
    if (newest === undefined || newest.inode === log.inode) return undefined;
    const files = openLogFiles(this.#request.path);
    const at = files.findIndex(({ inode }) => inode === log.inode);
    const next = files[at + 1]; // gone by rotation: -1, the oldest that there still is
    for (const file of files) if (file !== next) closeSync(file.fd);
    return next;
  }
}

/** Emits what there is and what comes, until `ended` resolves. */
export async function followLog(request: ReadRequest, ended: Promise<unknown>): Promise<void> {
  const reader = new LogReader(request);
  let watcher: FSWatcher | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const pump = (): void => {
        try {
          reader.pump();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      // Watched before it is read: what is written in between wakes us.
      watcher = watch(dirname(request.path), pump);
      watcher.on('error', reject);
      pump();
      ended.then(() => { pump(); resolve(); }, reject);
    });
  } finally {
    watcher?.close();
    reader.close();
  }
}
