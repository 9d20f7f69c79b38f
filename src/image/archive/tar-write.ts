/**
 * Writing the outer tar of an image archive: a few members, in the order given, owned by root, of the year 1970, so that the
 * same image gives the same bytes. Names are ours and short: ustar holds them.
 *
 * @see POSIX pax(1) "ustar Interchange Format"
 */
import { SkiffError } from '../../lib/errors.ts';
import { blockSize } from '../../storage/tar/header.ts';

/** Where bytes go; resolves when more may come. */
export type Sink = (bytes: Uint8Array) => Promise<void>;

const maxOctalSize = 0o77777777777;

export interface MemberWriter {
  /** A document. */
  file(name: string, bytes: Uint8Array): Promise<void>;
  /** A blob of known size. @throws STORE_CORRUPT where the source gives another number of bytes */
  stream(name: string, sizeBytes: number, source: AsyncIterable<Uint8Array>): Promise<void>;
  folder(name: string): Promise<void>;
  symlink(name: string, target: string): Promise<void>;
  /** The end mark. */
  end(): Promise<void>;
}

export function tarWriter(sink: Sink): MemberWriter {
  const stream: MemberWriter['stream'] = async (name, sizeBytes, source) => {
    await sink(header(name, '0', 0o444, sizeBytes, ''));
    let written = 0;
    for await (const chunk of source) {
      written += chunk.length;
      if (written > sizeBytes) break;
      await sink(chunk);
    }
    if (written !== sizeBytes) throw new SkiffError('STORE_CORRUPT', `${JSON.stringify(name)} has ${written > sizeBytes ? 'more than ' : ''}${Math.min(written, sizeBytes)} bytes, expected ${sizeBytes}`);
    await sink(Buffer.alloc((blockSize - (sizeBytes % blockSize)) % blockSize));
  };
  return {
    stream,
    file: (name, bytes) => stream(name, bytes.length, (async function* whole() { yield bytes; })()),
    folder: (name) => sink(header(`${name}/`, '5', 0o755, 0, '')),
    symlink: (name, target) => sink(header(name, '2', 0o777, 0, target)),
    end: () => sink(Buffer.alloc(2 * blockSize)),
  };
}

function header(name: string, typeflag: string, mode: number, sizeBytes: number, linkName: string): Buffer {
  if (Buffer.byteLength(name) > 100 || Buffer.byteLength(linkName) > 100) throw new SkiffError('INTERNAL', `name too long for a tar header: ${name}`);
  const block = Buffer.alloc(blockSize);
  block.write(name, 0);
  block.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  if (sizeBytes <= maxOctalSize) block.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
  else {
    // Base 256, as GNU tar and Go write what octal digits can't hold.
    block.writeUInt32BE(0x8000_0000, 124);
    block.writeBigUInt64BE(BigInt(sizeBytes), 128);
  }
  block.write('00000000000\0', 136);
  block.write('        ', 148);
  block.write(typeflag, 156);
  block.write(linkName, 157);
  block.write('ustar\u000000', 257);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
