/**
 * The streaming tar scanner: bytes are pushed in chunks of any size, and come out as members, their data, and everything
 * else raw. Raw bytes and data in the order of the calls are the archive, bit for bit: tar-split depends on it.
 *
 * Holds one header and one extension at most, never a file. Buffers given to the handler are valid during the call only.
 *
 * @see POSIX pax(1); GNU tar manual "Tar Internals"
 */
import { SkiffError } from '../../lib/errors.ts';
import type { EntryType, Fragment, TarEntry } from './entry.ts';
import { noXattrs } from './entry.ts';
import type { Header } from './header.ts';
import { blockSize, invalid, isZeroBlock, number, parseHeader, text } from './header.ts';
import type { Extension } from './pax.ts';
import { checkFragments, decimal, fragmentsOf, readPax, sparseVersion } from './pax.ts';

export interface TarHandler {
  /** Bytes that are no file data: headers, padding, end blocks, what follows them. */
  raw(bytes: Buffer): void;
  /** A member. Its header bytes have been given to `raw`; `storedBytes` of data follow, then `entryEnd`. */
  entry(entry: TarEntry): void;
  data(bytes: Buffer): void;
  entryEnd(): void;
}

/** Long names, PAX records and sparse maps: Go's reader refuses more, too. */
const maxExtensionBytes = 1024 * 1024;
const maxFragments = 100_000;

const types: Readonly<Record<string, EntryType>> = {
  '0': 'file', '\0': 'file', '7': 'file', S: 'file', '1': 'link', '2': 'symlink', '3': 'char', '4': 'block', '5': 'dir', '6': 'fifo',
};
const maxFragmentsInHeader = 4;
const maxFragmentsInBlock = 21;

/** What the next bytes are. `take` gathers exactly `need` bytes for `use`; the others pass bytes through. */
type State =
  | { kind: 'take'; need: number; use: (bytes: Buffer) => void }
  | { kind: 'data'; left: number; padding: number }
  | { kind: 'padding'; left: number }
  | { kind: 'end' };

export class TarScanner {
  readonly #handler: TarHandler;
  #state: State;
  /** Bytes gathered for `take` when they came in pieces. */
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #atBoundary = true;
  #sawZeroBlock = false;
  #global: Extension = {};
  #extension: Extension = {};
  #extended = false;

  constructor(handler: TarHandler) {
    this.#handler = handler;
    this.#state = this.#header();
  }

  /** @throws ARCHIVE_INVALID and whatever the handler throws; the scanner is of no use after that */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) at = this.#step(chunk, at);
  }

  /** The input is over. @throws ARCHIVE_TRUNCATED where it ended inside a member */
  end(): void {
    const { kind } = this.#state;
    // No end blocks at all, or one only: many writers do so, and all readers take it. Padding may be missing, too.
    const complete = kind === 'end' || kind === 'padding' || (kind === 'take' && this.#atBoundary && this.#gatheredBytes === 0 && !this.#extended);
    if (!complete) throw new SkiffError('ARCHIVE_TRUNCATED', 'the archive is truncated');
  }

  #step(chunk: Buffer, at: number): number {
    const state = this.#state;
    switch (state.kind) {
      case 'take': {
        const missing = state.need - this.#gatheredBytes;
        const piece = chunk.subarray(at, at + missing);
        if (piece.length < missing) {
          this.#gathered.push(Buffer.from(piece));
          this.#gatheredBytes += piece.length;
          return chunk.length;
        }
        const whole = this.#gatheredBytes === 0 ? piece : Buffer.concat([...this.#gathered, piece]);
        this.#gathered = [];
        this.#gatheredBytes = 0;
        this.#handler.raw(whole);
        state.use(whole);
        return at + missing;
      }
      case 'data': {
        const piece = chunk.subarray(at, at + state.left);
        state.left -= piece.length;
        this.#handler.data(piece);
        if (state.left === 0) this.#endEntry(state.padding);
        return at + piece.length;
      }
      case 'padding': {
        const piece = chunk.subarray(at, at + state.left);
        state.left -= piece.length;
        this.#handler.raw(piece);
        if (state.left === 0) this.#state = this.#header();
        return at + piece.length;
      }
      case 'end':
        this.#handler.raw(chunk.subarray(at));
        return chunk.length;
    }
  }

  #header(): State {
    this.#atBoundary = true;
    return { kind: 'take', need: blockSize, use: (block) => this.#onHeader(block) };
  }

  #take(need: number, use: (bytes: Buffer) => void): void {
    this.#atBoundary = false;
    this.#state = { kind: 'take', need, use };
  }

  #onHeader(block: Buffer): void {
    if (isZeroBlock(block)) {
      if (this.#extended) throw invalid('extension header without a member');
      this.#state = this.#sawZeroBlock ? { kind: 'end' } : this.#header();
      this.#sawZeroBlock = true;
      return;
    }
    if (this.#sawZeroBlock) throw invalid('data after an end block');
    const header = parseHeader(block);
    switch (header.typeflag) {
      case 'x': case 'X': this.#onExtension(header, (bytes) => readPax(bytes, this.#extension, false)); return;
      case 'g': this.#onExtension(header, (bytes) => readPax(bytes, this.#global, true)); return;
      case 'L': this.#onExtension(header, (bytes) => { this.#extension.name = text(bytes, 0, bytes.length); }); return;
      case 'K': this.#onExtension(header, (bytes) => { this.#extension.linkName = text(bytes, 0, bytes.length); }); return;
      default: this.#onMember(header, block);
    }
  }

  #onExtension(header: Header, read: (bytes: Buffer) => void): void {
    const { sizeBytes } = header;
    if (sizeBytes > maxExtensionBytes) throw invalid(`extension header of ${sizeBytes} bytes, at most ${maxExtensionBytes}`);
    if (header.typeflag !== 'g') this.#extended = true;
    if (sizeBytes === 0) {
      this.#state = this.#header();
      return;
    }
    this.#take(roundUp(sizeBytes), (bytes) => {
      read(bytes.subarray(0, sizeBytes));
      this.#state = this.#header();
    });
  }

  #onMember(header: Header, block: Buffer): void {
    const extension = this.#extension;
    const { sparse } = extension;
    this.#extension = {};
    this.#extended = false;
    const name = extension.name ?? header.name;
    const type = types[header.typeflag];
    if (type === undefined) throw invalid(`member ${JSON.stringify(name.slice(0, 100))} has unknown type ${JSON.stringify(header.typeflag)}`);
    const stored = extension.sizeBytes ?? header.sizeBytes;
    // Before ustar, a folder was a file whose name ends in a slash.
    const isDir = type === 'dir' || (type === 'file' && header.typeflag === '\0' && name.endsWith('/'));
    const entry: Draft = {
      type: isDir ? 'dir' : type, name, linkName: extension.linkName ?? header.linkName, mode: header.mode,
      uid: extension.uid ?? this.#global.uid ?? header.uid, gid: extension.gid ?? this.#global.gid ?? header.gid,
      mtime: extension.mtime ?? this.#global.mtime ?? { seconds: header.mtimeSeconds, nanoseconds: 0 },
      devMajor: header.devMajor, devMinor: header.devMinor, xattrs: extension.xattrs ?? noXattrs,
    };
    if (entry.type !== 'file') {
      // No data follows these, whatever the size field says: the peers' reader (Go) has it so.
      this.#begin(entry, 0, 0, undefined);
    } else if (header.typeflag === 'S') {
      this.#oldSparse(entry, block, stored, header.format);
    } else {
      const version = sparseVersion(sparse);
      if (version === undefined || sparse === undefined) this.#begin(entry, stored, stored, undefined);
      else if (version === '1.0') this.#sparseMapInData({ ...entry, name: sparse.name ?? name }, stored, sparse.sizeBytes ?? stored);
      else this.#begin({ ...entry, name: sparse.name ?? name }, sparse.sizeBytes ?? stored, stored, fragmentsOf(sparse.map ?? [], sparse.count));
    }
  }

  #begin(draft: Draft, sizeBytes: number, storedBytes: number, fragments: readonly Fragment[] | undefined): void {
    if (fragments !== undefined) checkFragments(fragments, sizeBytes, storedBytes);
    this.#handler.entry({ ...draft, sizeBytes, storedBytes, sparse: fragments });
    if (storedBytes === 0) this.#endEntry(0);
    else this.#state = { kind: 'data', left: storedBytes, padding: roundUp(storedBytes) - storedBytes };
  }

  #endEntry(padding: number): void {
    this.#handler.entryEnd();
    this.#state = padding > 0 ? { kind: 'padding', left: padding } : this.#header();
  }

  /** GNU's own format: four fragments in the header, 21 in each block that follows while a flag says so. */
  #oldSparse(draft: Draft, block: Buffer, stored: number, format: Header['format']): void {
    if (format !== 'gnu') throw invalid('sparse member in a header that is not GNU');
    const fragments: Fragment[] = [];
    const sizeBytes = number(block, 483, 12, 'sparse size');
    const read = (bytes: Buffer, offset: number, count: number): void => {
      for (let at = offset; at < offset + count * 24 && bytes[at] !== 0; at += 24) {
        fragments.push({ offset: number(bytes, at, 12, 'sparse map'), length: number(bytes, at + 12, 12, 'sparse map') });
      }
      if (fragments.length > maxFragments) throw invalid(`sparse map of more than ${maxFragments} parts`);
    };
    const more = (extended: boolean): void => {
      if (!extended) {
        this.#begin(draft, sizeBytes, stored, fragments);
        return;
      }
      this.#take(blockSize, (bytes) => {
        read(bytes, 0, maxFragmentsInBlock);
        more(bytes[504] !== 0);
      });
    };
    read(block, 386, maxFragmentsInHeader);
    more(block[482] !== 0);
  }

  /** PAX 1.0: decimal numbers, a line each, padded to whole blocks, before the data and counted in its size. */
  #sparseMapInData(draft: Draft, stored: number, sizeBytes: number): void {
    let left = stored;
    let map = '';
    let newlines = 0;
    let count: number | undefined;
    const more = (): void => {
      if (left < blockSize) throw invalid('sparse map is incomplete');
      if (map.length > maxExtensionBytes) throw invalid(`sparse map of more than ${maxExtensionBytes} bytes`);
      left -= blockSize;
      this.#take(blockSize, (bytes) => {
        map += bytes.toString('latin1');
        for (const byte of bytes) if (byte === 0x0a) newlines++;
        if (count === undefined && newlines > 0) {
          count = decimal(map.slice(0, map.indexOf('\n')), 'sparse map');
          if (count > maxFragments) throw invalid(`sparse map of more than ${maxFragments} parts`);
        }
        if (count === undefined || newlines < 1 + 2 * count) more();
        else this.#begin(draft, sizeBytes, left, fragmentsOf(map.split('\n', 1 + 2 * count).slice(1).map((line) => decimal(line, 'sparse map')), count));
      });
    };
    more();
  }
}

type Draft = Omit<TarEntry, 'sizeBytes' | 'storedBytes' | 'sparse'>;

function roundUp(sizeBytes: number): number {
  return Math.ceil(sizeBytes / blockSize) * blockSize;
}
