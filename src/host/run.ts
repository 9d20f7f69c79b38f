/**
 * Running helper programs: argv arrays, never a shell; a clean set of descriptors; bounded output. Through the addon's spawn and
 * not node:child_process, which costs 4 ms to load and can't promise that nothing else is inherited.
 */
import { closeSync, readSync } from 'node:fs';
import { SkiffError, isErrno, wrap } from '../lib/errors.ts';
import { childEnv } from './env.ts';
import { findProgram } from './find-program.ts';
import { readToEnd, writeAndClose } from './pipes.ts';
import { sys } from './sys.ts';
import type { ExitStatus } from './sys.ts';

export { findProgram } from './find-program.ts';

export interface RunOptions {
  /** Default: childEnv(). */
  env?: readonly string[];
  cwd?: string;
  /** Bytes for its stdin; without them stdin is /dev/null. */
  input?: Uint8Array | string;
  /** More pairs [our fd, its fd], from 3 up. Ours stay open and ours. */
  fds?: readonly (readonly [number, number])[];
  /** 'inherit': its stderr is ours, and `stderr` of the result is empty. */
  stderr?: 'capture' | 'inherit';
  /** After this long it is killed and the call throws. */
  timeoutMs?: number;
  /** More output than this is an error. Default 16 MiB. */
  maxOutputBytes?: number;
}

export interface RunResult {
  /** 128+n where signal n ended it. */
  exitCode: number;
  signal?: number;
  stdout: Buffer;
  stderr: Buffer;
}

const defaultMaxOutput = 16 * 1024 * 1024;

/**
 * Runs argv[0] to its end, beside whatever else this process does. A non-zero exit is a result, not an error.
 * @throws HELPER_MISSING where it is not found, HELPER_FAILED where it can't be started, runs too long or says too much
 */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const child = start(argv, options);
  let timer: NodeJS.Timeout | undefined;
  let timedOut = false;
  if (options.timeoutMs !== undefined) {
    timer = setTimeout(() => {
      timedOut = true;
      child.kill(9);
    }, options.timeoutMs);
  }
  const limit = options.maxOutputBytes ?? defaultMaxOutput;
  const collect = async (fd: number | undefined): Promise<Buffer> => {
    try {
      return await readToEnd(fd, limit);
    } catch (error) {
      child.kill(9); // nobody reads on: it would hang in write(2)
      throw wrap(error, `run ${JSON.stringify(argv[0])}`);
    }
  };
  const [stdout, stderr, , status] = await Promise.allSettled([collect(child.stdout), collect(child.stderr), writeAndClose(child.stdin, options.input), child.ended]);
  clearTimeout(timer);
  if (timedOut) throw new SkiffError('HELPER_FAILED', `run ${JSON.stringify(argv[0])}: no end after ${options.timeoutMs} ms`);
  for (const part of [stdout, stderr, status]) if (part.status === 'rejected') throw part.reason;
  return { ...describe(fulfilled(status)), stdout: fulfilled(stdout), stderr: fulfilled(stderr) };
}

/**
 * The same for short helpers on the path of a command that has nothing else to do: no promise, no thread. Without `input`.
 * @throws as run()
 */
export function runSync(argv: readonly string[], options: Omit<RunOptions, 'input'> = {}): RunResult {
  const child = start(argv, options);
  const limit = options.maxOutputBytes ?? defaultMaxOutput;
  const deadline = options.timeoutMs === undefined ? undefined : Date.now() + options.timeoutMs;
  const chunks = new Map<number, Buffer[]>();
  for (const fd of [child.stdout, child.stderr]) if (fd !== undefined) chunks.set(fd, []);
  const open = new Set(chunks.keys());
  let size = 0;
  let failure: string | undefined;
  const buffer = Buffer.allocUnsafe(65536);
  while (open.size > 0 && failure === undefined) {
    const ready = sys().poll([...open], deadline === undefined ? -1 : Math.max(0, deadline - Date.now()));
    if (ready.length === 0) failure = `no end after ${options.timeoutMs} ms`;
    for (const fd of ready) {
      const length = readSync(fd, buffer);
      if (length === 0) open.delete(fd);
      else chunks.get(fd)?.push(Buffer.from(buffer.subarray(0, length)));
      size += length;
      if (size > limit) failure = `more than ${limit} bytes of output`;
    }
  }
  if (failure !== undefined) child.kill(9);
  for (const fd of chunks.keys()) closeSync(fd);
  const status = sys().waitpid(child.pid, false) as ExitStatus;
  if (failure !== undefined) throw new SkiffError('HELPER_FAILED', `run ${JSON.stringify(argv[0])}: ${failure}`);
  const text = (fd: number | undefined): Buffer => Buffer.concat((fd === undefined ? undefined : chunks.get(fd)) ?? []);
  return { ...describe(status), stdout: text(child.stdout), stderr: text(child.stderr) };
}

export interface Child {
  readonly pid: number;
  /** Our ends of its pipes, close-on-exec; whoever asked for them closes them. undefined where not asked for. */
  readonly stdin: number | undefined;
  readonly stdout: number | undefined;
  readonly stderr: number | undefined;
  /** Waits in a thread of its own from the first look at it. Nobody else may wait for this pid. */
  readonly ended: Promise<ExitStatus>;
  /** Sends a signal; nothing happens where it has ended already. */
  kill(signal: number): void;
}

export interface SpawnStreamOptions {
  env?: readonly string[];
  cwd?: string;
  /** What becomes of 0, 1 and 2: a descriptor of ours, a new pipe, or /dev/null. Default 'null', 'pipe', 'inherit'. */
  stdin?: number | 'pipe' | 'null';
  stdout?: number | 'pipe' | 'null';
  stderr?: number | 'pipe' | 'null' | 'inherit';
  fds?: readonly (readonly [number, number])[];
  setsid?: boolean;
}

/** Starts argv[0] with pipes. @throws HELPER_MISSING, HELPER_FAILED */
export function spawnStream(argv: readonly string[], options: SpawnStreamOptions = {}): Child {
  const name = argv[0] ?? '';
  const path = findProgram(name);
  if (path === undefined) throw new SkiffError('HELPER_MISSING', `run ${JSON.stringify(name)}: program not found`, { data: { program: name } });
  const theirs: number[] = [];
  const ours: (number | undefined)[] = [];
  const fds: (readonly [number, number])[] = [...(options.fds ?? [])];
  try {
    [options.stdin ?? 'null', options.stdout ?? 'pipe', options.stderr ?? 'inherit'].forEach((what, target) => {
      if (what === 'inherit') fds.push([target, target]);
      else if (typeof what === 'number') fds.push([what, target]);
      else if (what === 'pipe') {
        const [readEnd, writeEnd] = sys().pipe();
        theirs.push(target === 0 ? readEnd : writeEnd);
        ours[target] = target === 0 ? writeEnd : readEnd;
        fds.push([target === 0 ? readEnd : writeEnd, target]);
      }
    });
    const pid = sys().spawn({
      path, argv, fds, env: options.env ?? childEnv(),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.setsid === undefined ? {} : { setsid: options.setsid }),
    });
    return childOf(pid, ours);
  } catch (error) {
    for (const fd of ours) if (fd !== undefined) closeSync(fd);
    throw new SkiffError('HELPER_FAILED', wrap(error, `run ${JSON.stringify(name)}`).message, { cause: error, data: { program: path } });
  } finally {
    for (const fd of theirs) closeSync(fd);
  }
}

function childOf(pid: number, ours: readonly (number | undefined)[]): Child {
  let ended: Promise<ExitStatus> | undefined;
  let over = false; // waited for: the pid may be somebody else's
  return {
    pid, stdin: ours[0], stdout: ours[1], stderr: ours[2],
    get ended() {
      ended ??= sys().wait(pid).finally(() => { over = true; });
      return ended;
    },
    kill: (signal) => {
      if (over) return;
      try {
        process.kill(pid, signal);
      } catch (error) {
        if (!isErrno(error, 'ESRCH')) throw error;
      }
    },
  };
}

function start(argv: readonly string[], options: RunOptions): Child {
  const { env, cwd, fds } = options;
  return spawnStream(argv, {
    stdin: options.input === undefined ? 'null' : 'pipe', stdout: 'pipe', stderr: options.stderr === 'inherit' ? 'inherit' : 'pipe',
    ...(env === undefined ? {} : { env }), ...(cwd === undefined ? {} : { cwd }), ...(fds === undefined ? {} : { fds }),
  });
}

function describe(status: ExitStatus): { exitCode: number; signal?: number } {
  if (status.signal !== undefined) return { exitCode: 128 + status.signal, signal: status.signal };
  return { exitCode: status.exitCode ?? 0 };
}

function fulfilled<T>(part: PromiseSettledResult<T>): T {
  if (part.status === 'rejected') throw part.reason;
  return part.value;
}
