/**
 * One layer, from a descriptor into a tree and a tar-split file: what the unpack worker does once it is confined.
 */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { TarScanner } from '../tar/scanner.ts';
import { SplitWriter } from '../tar/split.ts';
import type { TreeReport } from './report.ts';
import { InflationLimit } from './inflation-limit.ts';
import type { SourceInput, SourceSums } from './source.ts';
import { loadDecoders, readSource } from './source.ts';
import { TreeWriter } from './tree-writer.ts';

export interface UnpackRequest {
  /** "" in a pivoted worker. */
  root: string;
  input: SourceInput;
  /** What the input says of its length, where it says so: against this a bomb is measured. */
  declaredBytes?: number | undefined;
  /** Empty file: gets tar-split's gzipped lines. */
  splitFd: number;
  /** Empty file: gets the data of overwritten files. */
  stashFd: number;
}

export type UnpackResult = SourceSums & TreeReport;

/** tar-split compresses to a tenth at any level; higher ones cost more than they save. */
const gzipLevel = 3;
const flushCharacters = 256 * 1024;

/** Loads all code that unpacking needs; what it returns may run after a pivot. */
export async function prepareUnpack(): Promise<(request: UnpackRequest) => Promise<UnpackResult>> {
  const decoders = await loadDecoders();
  return async ({ root, input, declaredBytes, splitFd, stashFd }) => {
    process.umask(0);
    const limit = new InflationLimit(root === '' ? '/' : root, declaredBytes);
    const split = new SplitSink(splitFd);
    const tree = new TreeWriter({ root, split: new SplitWriter((line) => split.add(line)), stashFd });
    const scanner = new TarScanner(tree);
    const sums = await readSource(input, decoders, (chunk) => {
      limit.add(chunk.length);
      scanner.push(chunk);
      limit.look(tree.entries);
      return split.flush();
    });
    scanner.end();
    const report = tree.finish();
    await split.end();
    return { ...sums, ...report };
  };
}

/** Lines, gathered, gzipped in libuv's pool beside the unpacking, written to a descriptor. */
class SplitSink {
  readonly #gzip = createGzip({ level: gzipLevel });
  readonly #written: Promise<void>;
  #text: string[] = [];
  #characters = 0;

  constructor(fd: number) {
    this.#written = pipeline(this.#gzip, createWriteStream('', { fd, autoClose: false }));
    // Reported by flush() and end(), which may come later than the error.
    this.#written.catch(() => undefined);
  }

  add(line: string): void {
    this.#text.push(line);
    this.#characters += line.length;
  }

  async flush(): Promise<void> {
    if (this.#characters < flushCharacters) return;
    if (!this.#gzip.write(this.#take())) await Promise.race([once(this.#gzip, 'drain'), this.#written]);
  }

  async end(): Promise<void> {
    this.#gzip.end(this.#take());
    await this.#written;
  }

  #take(): string {
    const text = this.#text.join('');
    this.#text = [];
    this.#characters = 0;
    return text;
  }
}
