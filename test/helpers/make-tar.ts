/** Header blocks by hand, for archives that no writer would make. */
import { blockSize } from '../../src/storage/tar/header.ts';

export interface RawHeader { name?: string; type?: string; size?: number | Buffer; mode?: number; uid?: number | Buffer; mtime?: number | Buffer; linkName?: string; magic?: string; prefix?: string; patch?: (block: Buffer) => void }

export function rawHeader(header: RawHeader = {}): Buffer {
  const block = Buffer.alloc(blockSize);
  const field = (value: number | Buffer, offset: number, length: number): void => {
    if (typeof value === 'number') block.write(value.toString(8).padStart(length - 1, '0'), offset, 'latin1');
    else value.copy(block, offset);
  };
  block.write(header.name ?? 'file', 0, 100, 'latin1');
  field(header.mode ?? 0o644, 100, 8);
  field(header.uid ?? 0, 108, 8);
  field(0, 116, 8);
  field(header.size ?? 0, 124, 12);
  field(header.mtime ?? 0, 136, 12);
  block.write(header.type ?? '0', 156, 1, 'latin1');
  block.write(header.linkName ?? '', 157, 100, 'latin1');
  block.write(header.magic ?? 'ustar\x0000', 257, 8, 'latin1');
  block.write(header.prefix ?? '', 345, 155, 'latin1');
  header.patch?.(block);
  return seal(block);
}

/** Writes the checksum. */
export function seal(block: Buffer): Buffer {
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1');
  return block;
}

export function padded(data: Buffer | string): Buffer {
  const bytes = Buffer.from(data as string, 'latin1');
  return Buffer.concat([bytes, Buffer.alloc((blockSize - (bytes.length % blockSize)) % blockSize)]);
}

export function member(header: RawHeader, data: string | Buffer = ''): Buffer {
  return Buffer.concat([rawHeader({ size: Buffer.from(data as string, 'latin1').length, ...header }), padded(data)]);
}

export function paxMember(type: 'x' | 'g', records: Record<string, string>): Buffer {
  return member({ name: 'pax', type }, Object.entries(records).map(([key, value]) => paxRecord(key, value)).join(''));
}

/** `value` is a binary string. */
export function paxRecord(key: string, value: string): string {
  const rest = key.length + value.length + 3;
  let length = rest + String(rest).length;
  if (String(length).length !== String(rest).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

export const end = Buffer.alloc(2 * blockSize);
