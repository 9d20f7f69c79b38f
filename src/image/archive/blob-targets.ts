/**
 * Where the blobs of an archive go, as destinations of a push: a tar file that is written front to back, or a folder. What lies in a folder
 * may be anything: a blob counts as there once its bytes have the digest of its name, and then is left as it is.
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, lstatSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { writeAll } from '../../host/atomic-write.ts';
import { fileChunks } from '../../host/file-chunks.ts';
import { makeFolders } from '../../host/make-folders.ts';
import { randomHex } from '../../host/random.ts';
import { withUserUmask } from '../../host/umask.ts';
import { SkiffError, isCode, isErrno, wrap } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import { checkDigest } from '../../oci/digest.ts';
import type { Digest } from '../../oci/ids.ts';
import { digestOf, parseDigest } from '../../oci/ids.ts';
import type { BlobSource } from '../../registry/index.ts';
import type { Store } from '../../storage/index.ts';
import type { ImageTarget } from '../push/target.ts';
import { headBytes } from './offer.ts';
import { openSpool } from './spool.ts';
import type { MemberWriter } from './tar-write.ts';

/** Manifests go where blobs go, under their digest. */
export function tarTarget(store: Store, tar: MemberWriter, nameOfBlob: (digest: Digest) => string): ImageTarget {
  const done = new Map<Digest, { sizeBytes: number; head: Buffer }>();
  const putBlob: ImageTarget['putBlob'] = async (source) => {
    if (source.digest !== undefined && done.has(source.digest)) return { digest: source.digest, sizeBytes: done.get(source.digest)?.sizeBytes ?? 0 };
    const head = new Head();
    if (source.digest !== undefined && source.sizeBytes !== undefined) {
      const sums = new Sums();
      await tar.stream(nameOfBlob(source.digest), source.sizeBytes, counted(source.open(), sums, head));
      const digest = sums.end(source);
      done.set(digest, { sizeBytes: source.sizeBytes, head: head.bytes });
      return { digest, sizeBytes: source.sizeBytes };
    }
    // Digest and size come before the bytes in a tar file, and are known only behind them.
    const spool = openSpool(store);
    try {
      const sums = new Sums();
      for await (const chunk of counted(source.open(), sums, head)) writeAll(spool, chunk);
      const digest = sums.end(source);
      if (!done.has(digest) && sums.sizeBytes > 0) await tar.stream(nameOfBlob(digest), sums.sizeBytes, fileChunks(spool, 0, sums.sizeBytes));
      done.set(digest, { sizeBytes: sums.sizeBytes, head: head.bytes });
      return { digest, sizeBytes: sums.sizeBytes };
    } finally {
      closeSync(spool);
    }
  };
  return {
    repository: undefined, concurrency: 1, putBlob,
    statBlob: async (digest) => done.get(digest)?.sizeBytes,
    peekBlob: async (digest) => done.get(digest)?.head ?? Buffer.alloc(0),
    mountBlob: async () => false,
    putManifest: async (raw) => (await putBlob(wholeBlob(raw))).digest,
  };
}

/** Blobs in a folder, each written beside and renamed to its name. `folders`: those to make in it. */
export function folderTarget(path: string, nameOfBlob: (digest: Digest) => string, folders: readonly string[]): ImageTarget {
  try {
    withUserUmask(() => { for (const folder of folders) makeFolders(join(path, folder)); });
  } catch (error) {
    throw wrap(error, `write ${JSON.stringify(path)}`);
  }
  const done = new Map<Digest, number>();
  const there = async (digest: Digest): Promise<number | undefined> => {
    const sizeBytes = done.get(digest) ?? await checkedSize(join(path, nameOfBlob(digest)), digest);
    if (sizeBytes !== undefined) done.set(digest, sizeBytes);
    return sizeBytes;
  };
  const beside = join(path, folders[0] ?? '.');
  const putBlob: ImageTarget['putBlob'] = async (source, onBytes) => {
    const before = source.digest === undefined ? undefined : await there(source.digest);
    if (source.digest !== undefined && before !== undefined) return { digest: source.digest, sizeBytes: before };
    const temporary = join(beside, `.tmp-${randomHex(6)}`);
    try {
      const fd = withUserUmask(() => openSync(temporary, 'wx', 0o666));
      try {
        const sums = new Sums();
        for await (const chunk of counted(source.open(), sums)) {
          writeAll(fd, chunk);
          onBytes?.(chunk.length);
        }
        const digest = sums.end(source);
        if (await there(digest) !== undefined) rmSync(temporary);
        else {
          fsyncSync(fd);
          renameSync(temporary, join(path, nameOfBlob(digest)));
          done.set(digest, sums.sizeBytes);
        }
        return { digest, sizeBytes: sums.sizeBytes };
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      rmSync(temporary, { force: true });
      throw wrap(error, `write ${JSON.stringify(dirname(temporary))}`);
    }
  };
  return {
    repository: undefined, concurrency: availableParallelism(), putBlob,
    statBlob: there,
    peekBlob: async (digest) => firstBytes(join(path, nameOfBlob(digest))),
    mountBlob: async () => false,
    putManifest: async (raw) => (await putBlob(wholeBlob(raw))).digest,
  };
}

/** The size of a file whose bytes have this digest; undefined where there is none, or another. */
async function checkedSize(path: string, digest: Digest): Promise<number | undefined> {
  const check = checkDigest(digest);
  try {
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const sizeBytes = fstatSync(fd).size;
      for await (const chunk of fileChunks(fd, 0, sizeBytes)) check.update(chunk);
      check.end('blob');
      return sizeBytes;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (isCode(error, 'DIGEST_MISMATCH') || isErrno(error, 'ENOENT', 'EACCES')) return undefined; // what can't be read can be replaced
    throw wrap(error, `read ${JSON.stringify(path)}`);
  }
}

/** Bytes at hand as a blob. */
export function wholeBlob(bytes: Uint8Array): BlobSource & { readonly digest: Digest; readonly sizeBytes: number } {
  return { digest: digestOf(bytes), sizeBytes: bytes.length, open: () => (async function* whole() { yield bytes; })() };
}

class Sums {
  readonly #hash = createHash('sha256');
  sizeBytes = 0;
  add(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.sizeBytes += chunk.length;
  }
  /** @throws DIGEST_MISMATCH where the source said another digest */
  end({ digest: wanted }: BlobSource): Digest {
    const found = parseDigest(`sha256:${this.#hash.digest('hex')}`);
    if (wanted?.startsWith('sha256:') === true && found !== wanted) throw new SkiffError('DIGEST_MISMATCH', `blob has digest ${found}, expected ${wanted}`, { data: { found, wanted } });
    return wanted ?? found;
  }
}

class Head {
  bytes = Buffer.alloc(0);
  add(chunk: Uint8Array): void {
    if (this.bytes.length < headBytes) this.bytes = Buffer.concat([this.bytes, chunk]).subarray(0, headBytes);
  }
}

async function* counted(source: AsyncIterable<Uint8Array>, ...counters: readonly { add(chunk: Uint8Array): void }[]): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    for (const counter of counters) counter.add(chunk);
    yield chunk;
  }
}

function firstBytes(path: string): Buffer {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(headBytes);
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(fd);
  }
}
