/**
 * An image out of a Docker daemon's store: it writes a docker-archive to its socket.
 *
 * @see Docker Engine API "GET /images/{name}/get"
 */
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { closeSync } from 'node:fs';
import { SkiffError, wrap } from '../../lib/errors.ts';
import type { Store } from '../../storage/index.ts';
import type { ArchiveFiles } from '../archive/files.ts';
import { tarFiles } from '../archive/files.ts';
import { openSpool, spoolWriter } from '../archive/spool.ts';
import { daemonSocket } from '../push/docker-daemon.ts';

const maxComplaintBytes = 64 * 1024;

/** `name`: a reference or an id. The archive goes through a nameless file, for its table of contents comes last. @throws NOT_FOUND, PERMISSION, IMAGE_UNKNOWN, ARCHIVE_INVALID, NO_SPACE, IO */
export async function saveFromDaemon(store: Store, name: string, signal: AbortSignal, socketPath = daemonSocket()): Promise<ArchiveFiles> {
  const spool = openSpool(store);
  try {
    const answer = await ask(socketPath, name, signal);
    if (answer.statusCode !== 200) throw await complaint(answer, name);
    const write = spoolWriter(store, spool);
    for await (const chunk of answer as AsyncIterable<Buffer>) write(chunk);
    return tarFiles(spool);
  } catch (error) {
    closeSync(spool);
    signal.throwIfAborted();
    throw wrap(error, `save from the Docker daemon at ${JSON.stringify(socketPath)}`);
  }
}

function ask(socketPath: string, name: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ socketPath, signal, method: 'GET', path: `/images/${encodeURIComponent(name)}/get`, headers: { host: 'docker' } }, resolve).on('error', reject).end();
  });
}

async function complaint(answer: IncomingMessage, name: string): Promise<SkiffError> {
  let text = '';
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (text.length > maxComplaintBytes) break;
  }
  const said = /"message":\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  return new SkiffError(answer.statusCode === 404 ? 'IMAGE_UNKNOWN' : 'IO', said ?? `the daemon answered ${answer.statusCode} for ${JSON.stringify(name)}`);
}
