/**
 * Workers: processes of ours that read bytes nobody vouches for (layers, archives, build contexts, files of containers) and can't reach
 * anything but one folder. The launcher gives a worker a mount namespace of its own; the worker pivots into the folder
 * before its code sees the first byte, so no path, link or race in the input can name anything else, in any thread.
 *
 * Descriptors of a worker: 0 input, 1 output, 2 stderr, 3 request (memory file), 4 answer (memory file), 5… extra.
 * It dies with the process that started it, and is in a session of its own: ctrl-c is for us, and we decide what becomes of it.
 *
 * Nothing that a worker loads may import node:process: its ESM face looks at process.stdin, which makes descriptor 0 non-blocking, and
 * plain reads of it then fail with EAGAIN.
 */
import { closeSync, fstatSync, readSync } from 'node:fs';
import { SkiffError, isErrno, wrap } from '../lib/errors.ts';
import type { ErrorCode } from '../lib/errors.ts';
import { writeAll } from './atomic-write.ts';
import { childEnv } from './env.ts';
import { MNT_DETACH, MS_BIND, MS_REC } from './bind-mount.ts';
import { writeAndClose } from './pipes.ts';
import { openProcess, signalProcess } from './process.ts';
import { session } from './session.ts';
import { sys } from './sys.ts';

/** What a worker can be asked to do; cli/commands/system/worker.run.ts knows the code behind each name. */
export type WorkerKind = 'unpack-layer' | 'pack-layer';

const SIGKILL = 9;
const requestFd = 3;
const answerFd = 4;
const firstExtraFd = 5;
/** glibc gives each thread an arena of its own, which keeps what was freed: in a worker, which goes through much, that is a fifth of its memory. */
const lean = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' };
const maxAnswerBytes = 64 * 1024 * 1024;

export interface WorkerOptions {
  /** The folder that becomes the worker's "/". */
  root: string;
  /** Its stdin: a descriptor (shared with its file offset, stays ours), or a stream that is pumped into a pipe. Default /dev/null. */
  input?: number | AsyncIterable<Uint8Array>;
  /** Its stdout; stays ours. Default /dev/null. */
  output?: number;
  /** Plain data for the worker. */
  request: unknown;
  /** More descriptors, in the worker's context in the same order; stay ours. */
  extraFds?: readonly number[];
  /** Kills it. */
  signal?: AbortSignal | undefined;
}

/**
 * Runs a worker to its end and returns its result. @throws what the worker threw (code, message, hint, data), HELPER_FAILED where it
 * died, or the error of the input stream
 */
export async function startWorker(kind: WorkerKind, options: WorkerOptions): Promise<unknown> {
  const { self } = session();
  if (self === '') throw new SkiffError('HELPER_MISSING', `start worker ${JSON.stringify(kind)}: not started through the skiff launcher`);
  options.signal?.throwIfAborted();
  const own: number[] = [];
  const keep = (fd: number): number => {
    own.push(fd);
    return fd;
  };
  try {
    const extra = options.extraFds ?? [];
    const request = keep(sys().memfd('skiff-request'));
    writeAll(request, Buffer.from(JSON.stringify({ root: options.root, request: options.request, extraFds: extra.length })));
    const answer = keep(sys().memfd('skiff-answer'));
    const fds: [number, number][] = [[2, 2], [request, requestFd], [answer, answerFd], ...extra.map((fd, index): [number, number] => [fd, firstExtraFd + index])];
    let feed: number | undefined;
    let source: AsyncIterable<Uint8Array> | undefined;
    let theirs: number | undefined;
    if (typeof options.input === 'number') fds.push([options.input, 0]);
    else if (options.input !== undefined) {
      source = options.input;
      [theirs, feed] = sys().pipe();
      fds.push([theirs, 0]);
    }
    if (options.output !== undefined) fds.push([options.output, 1]);
    let pid: number;
    try {
      pid = sys().spawn({ path: self, argv: ['skiff', '__worker', kind], env: childEnv(lean), fds, deathSignal: SIGKILL, setsid: true });
    } catch (error) {
      if (feed !== undefined) closeSync(feed);
      throw error;
    } finally {
      if (theirs !== undefined) closeSync(theirs);
    }
    // By a descriptor: the thread that waits may have reaped it long before we hear of it, and the id may be another's.
    const handle = options.signal === undefined ? undefined : keep(openProcess(pid));
    const kill = (): void => endProcess(handle);
    options.signal?.addEventListener('abort', kill, { once: true });
    const ending = sys().wait(pid).finally(() => options.signal?.removeEventListener('abort', kill));
    const [pumped, ended] = await Promise.allSettled([writeAndClose(feed, source, options.signal), ending]);
    options.signal?.throwIfAborted();
    if (pumped.status === 'rejected') throw pumped.reason; // the cause: what the worker says of its cut input is a consequence
    if (ended.status === 'rejected') throw ended.reason;
    return readAnswer(answer, ended.value.signal);
  } catch (error) {
    throw error instanceof SkiffError ? error : wrap(error, `start worker ${JSON.stringify(kind)}`);
  } finally {
    for (const fd of own) closeSync(fd);
  }
}

/** Kills what the descriptor names, unless it has ended. */
function endProcess(handle: number | undefined): void {
  try {
    if (handle !== undefined) signalProcess(handle, SIGKILL);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

type Answer = { result: unknown } | { error: { code: ErrorCode; message: string; hint?: string; exitCode: number; data: Record<string, unknown> } };

function readAnswer(fd: number, signal: number | undefined): unknown {
  const text = readWhole(fd);
  if (text === '') {
    throw new SkiffError('HELPER_FAILED', signal === undefined ? 'the worker ended without an answer' : `the worker was killed by signal ${signal}`);
  }
  const answer = JSON.parse(text) as Answer;
  if ('error' in answer) throw new SkiffError(answer.error.code, answer.error.message, answer.error);
  return answer.result;
}

function readWhole(fd: number): string {
  const { size } = fstatSync(fd);
  if (size > maxAnswerBytes) throw new SkiffError('HELPER_FAILED', `the worker answered with ${size} bytes`);
  const bytes = Buffer.alloc(size);
  let at = 0;
  while (at < size) {
    const length = readSync(fd, bytes, at, size - at, at);
    if (length === 0) break;
    at += length;
  }
  return bytes.toString('utf8', 0, at);
}

/** What a worker's code gets. It is confined already: "/" is the folder, and there is nothing else. */
export interface WorkerContext {
  request: unknown;
  input: 0;
  output: 1;
  extraFds: readonly number[];
}
export type WorkerCode = (context: WorkerContext) => Promise<unknown> | unknown;

/**
 * The worker's side: reads the request, pivots, runs `code`, answers. Everything that the code needs has to be loaded by now: module
 * files and the addon are out of reach afterwards. Returns the exit code.
 */
export async function serveWorker(code: WorkerCode): Promise<number> {
  const { root, request, extraFds } = JSON.parse(readWhole(requestFd)) as { root: string; request: unknown; extraFds: number };
  const context: WorkerContext = { request, input: 0, output: 1, extraFds: Array.from({ length: extraFds }, (_, index) => firstExtraFd + index) };
  let answer: Answer;
  try {
    enterRoot(root);
    answer = { result: await code(context) };
  } catch (error) {
    const { code: errorCode, message, hint, exitCode, data } = error instanceof SkiffError ? error : wrap(error, 'worker');
    answer = { error: { code: errorCode, message, exitCode, data: { ...data }, ...(hint === undefined ? {} : { hint }) } };
  }
  writeAll(answerFd, Buffer.from(JSON.stringify(answer)));
  return 0;
}

/**
 * Makes `root` the "/" of this whole process; the old one is gone for good. All threads share one file system context, so calls on
 * libuv's pool are confined as well. Only in a worker: its mount namespace is its own, and nothing propagates out of it.
 */
export function enterRoot(root: string): void {
  try {
    sys().mount(root, root, '', MS_BIND | MS_REC, '');
    process.chdir(root);
    sys().pivotRoot('.', '.'); // puts the old root on top of the new one…
    sys().umount2('.', MNT_DETACH); // …from where it is taken off. @see pivot_root(2) "pivot_root(".", ".")"
    process.chdir('/');
  } catch (error) {
    throw wrap(error, `enter ${JSON.stringify(root)}`);
  }
}
