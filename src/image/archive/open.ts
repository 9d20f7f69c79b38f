/**
 * Opening an image archive, whatever it comes as: a folder, a tar file, a compressed one, a pipe. Plain tar files are read
 * in place; everything else is written to a nameless temporary file first, because an archive's table of contents comes
 * last and its layers are wanted in parallel.
 */
import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { SkiffError, wrap } from '../../lib/errors.ts';
import type { Store } from '../../storage/index.ts';
import { compressionOf, foreignCompression, loadDecoders, readSource } from '../../storage/unpack/source.ts';
import { headOf, withoutForeign } from '../decompress.ts';
import { openInput, pipeInput, positionOf } from '../input.ts';
import type { ArchiveFiles } from './files.ts';
import { dirFiles, tarFiles } from './files.ts';
import { openSpool, spoolWriter } from './spool.ts';

export type ArchiveInput = { readonly path: string } | { readonly fd: number } | { readonly url: string };

/** `signal` ends the reading. @throws its reason; NOT_FOUND, PERMISSION, ARCHIVE_INVALID, ARCHIVE_TRUNCATED, HELPER_MISSING (xz, bzip2), NO_SPACE, IO (a web server) */
export async function openArchive(store: Store, input: ArchiveInput, signal?: AbortSignal): Promise<ArchiveFiles> {
  if ('url' in input) return fromServer(store, input.url, signal);
  if ('fd' in input) return fromDescriptor(store, input.fd, false, signal);
  try {
    if (statSync(input.path).isDirectory()) return dirFiles(input.path);
    return await fromDescriptor(store, openInput(input.path), true, signal);
  } catch (error) {
    throw error instanceof SkiffError ? error : wrap(error, 'open archive');
  }
}

async function fromServer(store: Store, url: string, signal: AbortSignal | undefined): Promise<ArchiveFiles> {
  const { fetchUrl } = await import('../fetch-url.ts');
  const { body, close } = await fetchUrl(url, signal);
  const fd = openSpool(store);
  try {
    const write = spoolWriter(store, fd);
    for await (const chunk of body) write(chunk);
    // From its beginning on: a compressed one is read once more, from the descriptor's offset.
    return await fromDescriptor(store, openSync(`/proc/self/fd/${fd}`, 'r'), true, signal);
  } finally {
    closeSync(fd);
    await close();
  }
}

async function fromDescriptor(store: Store, fd: number, isOurs: boolean, signal: AbortSignal | undefined): Promise<ArchiveFiles> {
  let keep = false;
  try {
    // A redirected file may have been read in part by who had it before: then the archive begins where that one stopped.
    if (fstatSync(fd).isFile() && positionOf(fd) === 0 && isPlain(headOf(fd))) {
      const files = tarFiles(fd);
      keep = true;
      return isOurs ? files : { ...files, close: () => {} };
    }
    const spool = openSpool(store);
    try {
      const write = spoolWriter(store, spool);
      await readSource(await withoutForeign(await pipeInput(fd, signal) ?? fd), await loadDecoders(), (chunk) => {
        signal?.throwIfAborted();
        write(chunk);
      });
      return tarFiles(spool);
    } catch (error) {
      closeSync(spool);
      throw error;
    }
  } finally {
    if (isOurs && !keep) closeSync(fd);
  }
}

function isPlain(head: Buffer): boolean {
  return foreignCompression(head) === undefined && compressionOf(head) === 'none';
}
