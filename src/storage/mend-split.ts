/**
 * tar-split says "the data of this file is in the tree". For a file that a later member of the same archive replaced, that is
 * no longer true: its line is exchanged for the data itself, which the unpacker kept aside. Rare; one more pass over the lines.
 */
import { createReadStream, createWriteStream, readSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { SkiffError } from '../lib/errors.ts';
import { cleanName } from './tar/names.ts';
import type { SplitEntry } from './tar/split.ts';
import { fileLine, segmentLine, splitEntries } from './tar/split.ts';
import type { Overwritten } from './unpack/report.ts';

const pieceBytes = 1024 * 1024;

/** Reads gzipped lines at `from`, writes mended ones to the new file `to`. */
export async function mendSplit(from: string, to: string, stashFd: number, overwritten: readonly Overwritten[]): Promise<void> {
  const source = createReadStream(from);
  const gunzip = createGunzip();
  source.on('error', (error) => gunzip.destroy(error));
  const lines = mendedLines(splitEntries(source.pipe(gunzip)), stashFd, overwritten);
  await pipeline(Readable.from(lines), createGzip({ level: 3 }), createWriteStream(to, { flags: 'wx', mode: 0o644 }));
}

/** For tests as well: entries in, lines out. */
export async function* mendedLines(entries: AsyncIterable<readonly SplitEntry[]>, stashFd: number, overwritten: readonly Overwritten[]): AsyncGenerator<string> {
  const byName = new Map<string, Overwritten[]>();
  for (const item of overwritten) byName.set(item.name, [...(byName.get(item.name) ?? []), item]);
  let out = 0;
  let position = -1;
  for await (const some of entries) for (const entry of some) {
    position++;
    if (entry.kind === 'segment') {
      yield segmentLine(entry.bytes, out++);
      continue;
    }
    const replaced = takeReplaced(byName.get(cleanName(entry.name)), position);
    if (replaced === undefined) yield fileLine(entry.name, entry.sizeBytes, entry.sizeBytes === 0 ? undefined : entry.crc, out++);
    else if (entry.sizeBytes > 0) {
      if (replaced.length !== entry.sizeBytes) throw new SkiffError('INTERNAL', `kept ${replaced.length} bytes of ${entry.sizeBytes}`);
      for (const bytes of stashed(stashFd, replaced)) yield segmentLine(bytes, out++);
    }
  }
}

/** The first removal after this line is the one that took what the line speaks of. */
function takeReplaced(items: Overwritten[] | undefined, position: number): Overwritten | undefined {
  if (items === undefined) return undefined;
  while (items.length > 0 && (items[0] as Overwritten).before <= position) items.shift();
  return items.shift();
}

function* stashed(fd: number, { offset, length }: Overwritten): Generator<Buffer> {
  for (let at = 0; at < length;) {
    const buffer = Buffer.allocUnsafe(Math.min(pieceBytes, length - at));
    const count = readSync(fd, buffer, 0, buffer.length, offset + at);
    if (count === 0) throw new SkiffError('INTERNAL', 'the stash file is too short');
    yield buffer.subarray(0, count);
    at += count;
  }
}
