import test from 'ava';
import { Crc64 } from '../../../../src/storage/tar/crc64.ts';

function sum(...pieces: Buffer[]): string {
  const crc = new Crc64();
  for (const piece of pieces) crc.update(piece);
  return crc.digest().toString('hex');
}

/** The definition, bit by bit: reflected, polynomial x^64 + x^4 + x^3 + x + 1. */
function slow(bytes: Uint8Array): string {
  let register = 0xffff_ffff_ffff_ffffn;
  for (const byte of bytes) {
    register ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) register = (register & 1n) === 1n ? (register >> 1n) ^ 0xd800_0000_0000_0000n : register >> 1n;
  }
  return (register ^ 0xffff_ffff_ffff_ffffn).toString(16).padStart(16, '0');
}

test('Crc64 of nothing is zero', (t) => {
  t.is(sum(), '0000000000000000');
});

test('Crc64 gives the values of Go hash/crc64 with the ISO table', (t) => {
  t.is(sum(Buffer.from('a')), '3420000000000000');
  t.is(sum(Buffer.from('ab')), '36c4200000000000');
  t.is(sum(Buffer.from('abc')), '3776c42000000000');
  t.is(sum(Buffer.from('This is a test of the emergency broadcast system.')), 'e7fcf1006b503b61');
});

test('Crc64 equals its definition at every length and alignment, however the bytes are cut', (t) => {
  const bytes = Buffer.from(Array.from({ length: 300 }, (_, at) => (at * 167 + 13) & 0xff));
  for (let from = 0; from < 9; from++) {
    for (const length of [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 255]) {
      const part = bytes.subarray(from, from + length);
      t.is(sum(part), slow(part));
      t.is(sum(part.subarray(0, 3), part.subarray(3, 10), part.subarray(10)), slow(part));
    }
  }
});
