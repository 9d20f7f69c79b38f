/**
 * Whether a command can be executed in a root filesystem: the difference between exit code 126 and 127, told by looking at
 * files and never by reading what the runtime said. Every path is resolved inside the root.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { posix } from 'node:path';
import { isErrno, SkiffError } from '../lib/errors.ts';
import type { RootHandle } from '../host/in-root.ts';

export interface CommandQuestion {
  /** The first word. */
  command: string;
  /** "K=V" lines; PATH counts. */
  env: readonly string[];
  cwd: string;
  user: { uid: number; gid: number; additionalGids: readonly number[] };
}

/** Interpreters that are scripts themselves: the kernel gives up after five. */
const maxInterpreters = 5;

/** Undefined where nothing speaks against executing it; else the error with exit code 126 or 127. */
export function commandProblem(root: RootHandle, question: CommandQuestion): SkiffError | undefined {
  const { command } = question;
  if (command === '') return denied(command, 'the command is empty');
  if (command.includes('/')) return fileProblem(root, posix.resolve(question.cwd, command), command, question, 0);
  const path = question.env.find((line) => line.startsWith('PATH='))?.slice(5) ?? '';
  let refused: SkiffError | undefined;
  for (const folder of path.split(':')) {
    const problem = fileProblem(root, posix.resolve(question.cwd, folder, command), command, question, 0);
    if (problem === undefined) return undefined;
    if (problem.code === 'COMMAND_NOT_EXECUTABLE') refused ??= problem;
  }
  return refused ?? new SkiffError('COMMAND_NOT_FOUND', `executable file ${JSON.stringify(command)} not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found`);
}

function fileProblem(root: RootHandle, path: string, shown: string, question: CommandQuestion, depth: number): SkiffError | undefined {
  let fd: number | undefined;
  try {
    fd = root.open(path);
  } catch (error) {
    if (isErrno(error, 'ELOOP', 'EACCES', 'ENAMETOOLONG')) return denied(shown, 'Permission denied');
    throw error;
  }
  if (fd === undefined) return missing(shown, depth);
  try {
    const stat = fstatSync(fd);
    if (stat.isDirectory()) return denied(shown, 'Is a directory');
    if (!stat.isFile() || !mayExecute(stat, question.user)) return denied(shown, 'Permission denied');
    const head = readHead(fd);
    const interpreter = /^#![ \t]*([^\s]+)/.exec(head.toString('latin1'))?.[1];
    if (interpreter !== undefined) {
      return depth >= maxInterpreters ? denied(shown, 'Too many levels of symbolic links') : fileProblem(root, posix.resolve('/', interpreter), shown, question, depth + 1);
    }
    return isProgram(head) ? undefined : denied(shown, 'Exec format error');
  } finally {
    closeSync(fd);
  }
}

/** A file that can't be read (mode 0111) is judged by its mode alone. */
function readHead(fd: number): Buffer {
  const head = Buffer.alloc(256);
  let file: number;
  try {
    file = openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, 'EACCES', 'EPERM')) return Buffer.from('\x7fELF', 'latin1');
    throw error;
  }
  try {
    return head.subarray(0, readSync(file, head, 0, head.length, 0));
  } finally {
    closeSync(file);
  }
}

/** ELF, or anything at all where the machine has handlers for other formats (binfmt_misc), whose match is the kernel's to know. */
function isProgram(head: Buffer): boolean {
  return head.subarray(0, 4).equals(Buffer.from('\x7fELF', 'latin1')) || hasHandlers();
}

function hasHandlers(): boolean {
  try {
    return readdirSync('/proc/sys/fs/binfmt_misc').some((name) => name !== 'register' && name !== 'status');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES')) return false;
    throw error;
  }
}

function mayExecute(stat: { mode: number; uid: number; gid: number }, user: CommandQuestion['user']): boolean {
  if (user.uid === 0) return (stat.mode & 0o111) !== 0;
  if (stat.uid === user.uid) return (stat.mode & 0o100) !== 0;
  if (stat.gid === user.gid || user.additionalGids.includes(stat.gid)) return (stat.mode & 0o010) !== 0;
  return (stat.mode & 0o001) !== 0;
}

function missing(shown: string, depth: number): SkiffError {
  const what = depth === 0 ? `executable file ${JSON.stringify(shown)} not found` : `interpreter of ${JSON.stringify(shown)} not found`;
  return new SkiffError('COMMAND_NOT_FOUND', `${what}: No such file or directory: OCI runtime attempted to invoke a command that was not found`);
}

function denied(shown: string, why: string): SkiffError {
  return new SkiffError('COMMAND_NOT_EXECUTABLE', `exec ${JSON.stringify(shown)}: ${why}: OCI permission denied`);
}
