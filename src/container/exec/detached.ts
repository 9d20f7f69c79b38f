/**
 * exec --detach. The runtime stays as the new process's parent and reaps it (the parent outside is the only one that can: an
 * unreaped process would keep the container's pid namespace from ending). The command returns when the process runs.
 */
import { closeSync, readFileSync, unlinkSync, watch } from 'node:fs';
import { Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { isErrno, SkiffError } from '../../lib/errors.ts';
import { randomHex } from '../../host/random.ts';
import { spawnStream } from '../../host/run.ts';
import { pipe } from '../../host/descriptors.ts';
import type { Context } from '../index.ts';
import { prepareExec, processFile, sessionPath } from './prepare.ts';
import type { ExecRequest } from './request.ts';

/** The id of the session, for printing. @throws as prepareExec(), RUNTIME_FAILED */
export async function execDetached(context: Context, request: ExecRequest): Promise<string> {
  const prepared = prepareExec(context, request);
  const { runtime } = prepared;
  const pidFile = `${sessionPath(context, prepared)}.pid`;
  const watched = appears(pidFile);
  const [ended, theirEnd] = pipe();
  const processFd = processFile(context, prepared);
  spawnStream([runtime.path, ...runtime.globalArgs, 'exec', '--pid-file', pidFile, '--process', '/proc/self/fd/3', request.id],
    { stdin: 'null', stdout: 'null', stderr: 'null', fds: [[processFd, 3], [theirEnd, 4]], setsid: true });
  closeSync(processFd);
  closeSync(theirEnd);
  // Descriptor 4 is the runtime's alone: it hangs up when the runtime ends. Nobody waits for the pid: it goes on after us.
  const socket = new Socket({ fd: ended, readable: true, writable: false });
  const over = new Promise<void>((resolve) => { socket.on('close', () => resolve()); });
  socket.resume();
  await Promise.race([watched.done, over]);
  watched.close();
  socket.destroy();
  // A process that has ended already was started all the same: the pid tells.
  if (!hasContent(pidFile)) throw new SkiffError('RUNTIME_FAILED', `exec in container "${request.id}": the OCI runtime could not start the process`, { exitCode: 126 });
  unlinkSync(pidFile);
  return randomHex(32);
}

/** `done` resolves once the file is there with something in it. */
function appears(path: string): { done: Promise<void>; close: () => void } {
  const watcher = watch(dirname(path));
  const done = new Promise<void>((resolve, reject) => {
    watcher.on('error', reject);
    watcher.on('change', (_event, name) => {
      if (name === basename(path) && hasContent(path)) resolve();
    });
  });
  return { done, close: () => watcher.close() };
}

function hasContent(path: string): boolean {
  try {
    return readFileSync(path).length > 0;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
