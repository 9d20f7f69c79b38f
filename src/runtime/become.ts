/**
 * Becoming another program: the Node process is replaced, so that nothing of it stays in memory while a container runs
 * attached, and exit code and signals are the program's own. Only stdio and the named descriptors go along.
 */
import { childEnv, userEnv } from '../host/env.ts';
import { helperPath } from '../host/helpers.ts';
import { replaceProcess } from '../host/process.ts';
import type { OCIRuntime } from './choose.ts';

export interface AttachRequest {
  /** A connected descriptor with hello said, or the path of the monitor's socket. */
  socket: number | string;
  stdin: boolean;
  /** Raw terminal and window size. */
  terminal: boolean;
  stdout: boolean;
  stderr: boolean;
  /** Tells the exit code where the monitor vanished without a word. */
  exitFile: string;
  /** Bytes of the sequence; empty: none. */
  detachKeys: Buffer;
  signalProxy: boolean;
  /** The container must not outlive the readers of its output: where that can't be written it is killed. */
  killUnread: boolean;
}

/** Descriptor of the connection in skiff-attach. */
const socketFd = 3;

/** Pure. */
export function attachArgv(request: AttachRequest): string[] {
  const argv = ['skiff-attach'];
  if (typeof request.socket === 'number') argv.push('--socket-fd', String(socketFd), '--hello-sent');
  else argv.push('--socket', request.socket);
  if (request.stdin) argv.push('--stdin');
  if (request.terminal) argv.push('--tty');
  if (!request.stdout) argv.push('--no-stdout');
  if (!request.stderr) argv.push('--no-stderr');
  argv.push('--exit-file', request.exitFile);
  argv.push('--detach-keys', request.detachKeys.toString('hex'));
  if (request.signalProxy) argv.push('--sig-proxy');
  if (request.killUnread) argv.push('--kill-unread');
  return argv;
}

/** Never returns: the exit code becomes the container's, 0 on detach. */
export function becomeAttach(request: AttachRequest): never {
  const fds: [number, number][] = [[0, 0], [1, 1], [2, 2]];
  if (typeof request.socket === 'number') fds.push([request.socket, socketFd]);
  return replaceProcess({ path: helperPath('skiff-attach'), argv: attachArgv(request), env: userEnv(), fds, leaveMemory: true });
}

export interface ExecRelayRequest {
  id: string;
  runtime: OCIRuntime;
  /** Holds the process object. */
  processFd: number;
  /** What names of this exec's own files begin with; in the container's runtime folder. */
  session: string;
  stdin: boolean;
  terminal: boolean;
  /** Bytes of the sequence; empty: none. */
  detachKeys: Buffer;
}

/** Descriptor of the process object in skiff-exec. */
const execProcessFd = 3;

/** Pure. */
export function execArgv(request: ExecRelayRequest): string[] {
  const argv = ['skiff-exec', '--id', request.id, '--session', request.session, '--process-fd', String(execProcessFd)];
  if (request.stdin) argv.push('--stdin');
  if (request.terminal) argv.push('--tty', '--detach-keys', request.detachKeys.toString('hex'));
  return [...argv, '--', request.runtime.path, ...request.runtime.globalArgs];
}

/** Never returns: the exit code becomes the command's, 0 on detach. */
export function becomeExec(request: ExecRelayRequest): never {
  const fds: [number, number][] = [[0, 0], [1, 1], [2, 2], [request.processFd, execProcessFd]];
  return replaceProcess({ path: helperPath('skiff-exec'), argv: execArgv(request), env: childEnv(), fds, leaveMemory: true });
}
