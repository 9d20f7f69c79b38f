import test from 'ava';
import { cleanName, findMember, indexTar } from '../../../src/image/archive/tar-index.ts';
import type { TarIndex } from '../../../src/image/archive/tar-index.ts';
import { tarWriter } from '../../../src/image/archive/tar-write.ts';
import { isCode } from '../../../src/lib/errors.ts';
import { parseHeader } from '../../../src/storage/tar/header.ts';
import type { TarMember } from '../../helpers/make-archive.ts';
import { makeTar } from '../../helpers/make-archive.ts';

const index = (bytes: Buffer): TarIndex => indexTar((offset, length) => bytes.subarray(offset, offset + length), bytes.length);
const read = (bytes: Buffer, name: string): string => {
  const { offset, sizeBytes } = findMember(index(bytes), name);
  return bytes.toString('utf8', offset, offset + sizeBytes);
};
const pax = (records: Record<string, string>): TarMember => ({
  name: 'pax', type: 'x',
  data: Object.entries(records).map(([key, value]) => {
    const body = ` ${key}=${value}\n`;
    const digits = String(body.length + String(body.length + 2).length).length;
    return `${body.length + digits}${body}`;
  }).join(''),
});

test('indexTar() finds files wherever they lie, under names with and without ./', (t) => {
  const bytes = makeTar([{ name: './a', data: 'one' }, { name: 'dir/', type: '5' }, { name: 'dir//b', data: 'x'.repeat(600) }, { name: 'empty' }]);
  t.is(read(bytes, 'a'), 'one');
  t.is(read(bytes, 'dir/b'), 'x'.repeat(600));
  t.is(read(bytes, 'empty'), '');
});

test('indexTar() reads long names of GNU and PAX, and sizes of PAX', (t) => {
  const long = `${'d/'.repeat(80)}f`;
  t.is(read(makeTar([{ name: '././@LongLink', type: 'L', data: `${long}\0` }, { name: 'cut', data: 'gnu' }]), long), 'gnu');
  t.is(read(makeTar([pax({ path: long }), { name: 'cut', data: 'pax' }]), long), 'pax');
  t.is(read(makeTar([pax({ size: '3' }), { name: 'a', data: 'abc', size: 0 }, { name: 'b', data: 'next' }]), 'b'), 'next');
});

test('indexTar() follows links inside the archive and no others', (t) => {
  const bytes = makeTar([
    { name: 'x/layer.tar', data: 'here' }, { name: 'y/layer.tar', type: '2', link: '../x/layer.tar' }, { name: 'z', type: '1', link: './y/layer.tar' },
    { name: 'out', type: '2', link: '../etc/passwd' }, { name: 'root', type: '2', link: '/x/layer.tar' }, { name: 'loop', type: '2', link: 'loop' }, { name: 'deep/a', type: '2', link: '../../x/layer.tar' },
  ]);
  t.is(read(bytes, 'y/layer.tar'), 'here');
  t.is(read(bytes, 'z'), 'here');
  for (const name of ['out', 'root', 'deep/a']) t.true(isCode(t.throws(() => read(bytes, name)), 'NOT_FOUND'), name);
  t.throws(() => read(bytes, 'loop'), { message: /without end/ });
});

test('indexTar() keeps hostile names out of reach and ambiguous ones unreadable', (t) => {
  const bytes = makeTar([{ name: '/abs', data: 'x' }, { name: '../up', data: 'x' }, { name: 'a/../b', data: 'x' }, { name: 'twice', data: '1' }, { name: './twice', data: '2' }, { name: 'dev', type: '3' }]);
  for (const name of ['abs', '/abs', 'up', '../up', 'b', 'a/../b']) t.true(isCode(t.throws(() => read(bytes, name)), 'NOT_FOUND'), name);
  t.throws(() => read(bytes, 'twice'), { message: /more than once/ });
  t.throws(() => read(bytes, 'dev'), { message: /no regular file/ });
  for (const [name, cleaned] of [['./a//b/.', 'a/b'], ['', undefined], ['/', undefined], ['..', undefined], ['a\0b', undefined]] as const) t.is(cleanName(name), cleaned);
});

test('indexTar() names the member in which an archive ends', (t) => {
  const bytes = makeTar([{ name: 'first', data: 'x'.repeat(1000) }, { name: 'second', data: 'y'.repeat(1000) }], { end: false });
  t.throws(() => index(bytes.subarray(0, 600)), { message: /ends inside "first"/ });
  t.throws(() => index(bytes.subarray(0, 3 * 512 + 700)), { message: /ends inside "second"/ });
  t.throws(() => index(bytes.subarray(0, 3 * 512 + 100)), { message: /ends inside a header/ });
  t.notThrows(() => index(bytes));
});

test('indexTar() refuses what is no tar, and more members than any image has', (t) => {
  t.throws(() => index(Buffer.alloc(0)), { message: /empty/ });
  t.throws(() => index(Buffer.from('x'.repeat(2000))), { message: /not a tar archive/ });
  const one = makeTar([{ name: 'a' }], { end: false });
  t.throws(() => index(Buffer.concat(Array.from({ length: 100_001 }, () => one))), { message: /more than 100000 members/ });
  t.throws(() => index(makeTar([{ name: 'x', type: 'S', data: 'y' }])), { message: /sparse/ });
  t.throws(() => index(makeTar([{ name: 'x', type: 'x', data: 'y'.repeat(2 << 20) }])), { message: /extended header/ });
});

test('indexTar() on bent archives answers or throws a SkiffError, and ends', (t) => {
  const whole = makeTar([pax({ path: 'long/name' }), { name: 'a', data: 'x'.repeat(700) }, { name: 'b', type: '2', link: 'a' }, { name: 'manifest.json', data: '[]' }]);
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return seed % below;
  };
  let refused = 0;
  for (let round = 0; round < 3000; round++) {
    const bent = Buffer.from(whole.subarray(0, random(4) === 0 ? random(whole.length) : whole.length));
    for (let changes = 1 + random(4); changes > 0 && bent.length > 0; changes--) bent[random(bent.length)] = random(256);
    try {
      for (const name of index(bent).keys()) findMember(index(bent), name);
    } catch (error) {
      t.true(isCode(error, 'ARCHIVE_INVALID', 'ARCHIVE_TRUNCATED', 'NOT_FOUND'), String(error));
      refused++;
    }
  }
  t.true(refused > 1000);
});

test('tarWriter() writes what indexTar() reads, and sizes beyond octal in base 256', async (t) => {
  const chunks: Buffer[] = [];
  const sink = async (bytes: Uint8Array): Promise<void> => { chunks.push(Buffer.from(bytes)); };
  const tar = tarWriter(sink);
  await tar.folder('blobs');
  await tar.file('blobs/a', Buffer.from('one'));
  await tar.symlink('b', 'blobs/a');
  await tar.end();
  t.is(read(Buffer.concat(chunks), 'b'), 'one');
  chunks.length = 0;
  await t.throwsAsync(tarWriter(sink).stream('huge', 10 * 2 ** 30, (async function* nothing() { /* no bytes */ })()), { message: /has 0 bytes/ });
  t.is(parseHeader(chunks[0] ?? Buffer.alloc(512)).sizeBytes, 10 * 2 ** 30);
  await t.throwsAsync(tarWriter(sink).stream('x', 1, (async function* more() { yield Buffer.from('ab'); })()), { message: /more than 1 bytes/ });
  await t.throwsAsync(tarWriter(sink).file('n'.repeat(101), Buffer.alloc(0)), { message: /too long/ });
});
