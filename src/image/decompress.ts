/**
 * xz and bzip2, which only whole archives and root filesystems come in: the machine's own programs read them, with a fixed argv and
 * bounded memory, before anything of the archive is looked at. Layers of images never get here.
 */
import { fstatSync, readSync } from 'node:fs';
import { filtered } from '../host/filter-program.ts';
import { findProgram } from '../host/find-program.ts';
import { SkiffError, isCode } from '../lib/errors.ts';
import { foreignCompression } from '../storage/unpack/source.ts';
import { positionOf } from './input.ts';

export type Input = number | AsyncIterable<Buffer>;

const headBytes = 6;
/** A few bytes may ask for a dictionary of 4 GiB; that of "xz -9" is 64 MiB. */
const programs = {
  xz: ['xz', '--decompress', '--stdout', '--quiet', '--memlimit-decompress=512MiB'],
  bzip2: ['bzip2', '--decompress', '--stdout'],
} as const;

/**
 * `input` as it is, or what xz or bzip2 make of it. A descriptor is looked at where it can be without losing bytes.
 * @throws HELPER_MISSING; ARCHIVE_INVALID, ARCHIVE_TRUNCATED while it is read
 */
export async function withoutForeign(input: Input): Promise<Input> {
  if (typeof input === 'number') return decoded(headOf(input), input);
  const { head, all } = await peeked(input);
  return decoded(head, all);
}

/** The first bytes from the descriptor's offset on, which stays; none of what is no plain file. */
export function headOf(fd: number): Buffer {
  if (!fstatSync(fd).isFile()) return Buffer.alloc(0);
  const bytes = Buffer.alloc(headBytes);
  return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, positionOf(fd)));
}

function decoded(head: Buffer, input: Input): Input {
  const kind = foreignCompression(head);
  if (kind === undefined) return input;
  if (findProgram(kind) === undefined) throw new SkiffError('HELPER_MISSING', `archives compressed with ${kind} are read by the program "${kind}", which is not installed`, { data: { program: kind } });
  return explained(kind, filtered(programs[kind], input));
}

async function* explained(kind: keyof typeof programs, output: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* output;
  } catch (error) {
    if (!isCode(error, 'HELPER_FAILED')) throw error;
    const said = (String(error.data['said'] ?? '').split('\n', 1)[0] ?? '').replace(/^\w+: (?:\(stdin\): )?/, '').replace(/[;.]$/, '');
    if (/unexpected(?:ly)?/i.test(said)) throw new SkiffError('ARCHIVE_TRUNCATED', `the ${kind} data is truncated`, { cause: error });
    throw new SkiffError('ARCHIVE_INVALID', `invalid ${kind} data: ${said === '' ? error.message : said}`, { cause: error });
  }
}

async function peeked(source: AsyncIterable<Buffer>): Promise<{ head: Buffer; all: AsyncIterable<Buffer> }> {
  const chunks = source[Symbol.asyncIterator]();
  const ahead: Buffer[] = [];
  for (let length = 0; length < headBytes;) {
    const next = await chunks.next();
    if (next.done === true) break;
    ahead.push(next.value);
    length += next.value.length;
  }
  async function* all(): AsyncGenerator<Buffer> {
    try {
      yield* ahead;
      for (;;) {
        const next = await chunks.next();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await chunks.return?.();
    }
  }
  return { head: Buffer.concat(ahead.map((chunk) => chunk.subarray(0, headBytes))), all: all() };
}
