/**
 * The typed face of helpers/sys (the Node-API addon): thin, checked system calls that Node lacks. Every call throws an
 * Error with {code: 'ENOENT', errno, syscall, path} as node:fs does. There is no unshare and no setns of user or mount
 * namespaces here: in a threaded process they move one thread only (DESIGN.md section 2). Loaded on first use.
 *
 * Only src/host imports this file (test/unit/imports.test.ts); others use what its files make of it: process.ts, descriptors.ts, run.ts, mounts.ts …
 */
import { SkiffError } from '../lib/errors.ts';
import { helperPath } from './helpers.ts';

export interface Stat {
  mode: number; uid: number; gid: number; size: number; ino: number; dev: number; rdev: number; nlink: number; blocks: number;
  mtimeNs: bigint; ctimeNs: bigint;
  /** Device and inode as exact text, for telling hard links: some file systems use all 64 bits of an inode number. */
  identity: string;
}

/** How a child ended: one of the two is set. */
export interface ExitStatus { exitCode: number | undefined; signal: number | undefined }

export interface SpawnOptions {
  /** argv[0] is the name; `path` is what is executed. No shell, ever. */
  path: string;
  argv: readonly string[];
  /** The whole environment, "K=V". */
  env: readonly string[];
  /**
   * Pairs [fd in this process, fd in the child], in any order, overlapping as they like; everything else is closed. Of 0, 1 and 2
   * those without a pair become /dev/null; those with one are put into blocking mode (libuv makes stdio non-blocking).
   */
  fds: readonly (readonly [number, number])[];
  cwd?: string;
  /** New session (setsid): the child survives our terminal. */
  setsid?: boolean;
  /** execve only: this process's memory is cleared away by a child beside the new program, which that has to reap. */
  leaveMemory?: boolean;
  /** The program's soft limit of open files (RLIMIT_NOFILE); without it, ours, which Node has raised to the hard one. */
  openFiles?: number;
  /** spawn only: the signal that the child gets when the thread that started it (Node's main thread) ends, by whatever way. */
  deathSignal?: number;
  /** spawn only: the child lives in a mount namespace of its own in which this mount is detached (a FUSE server must not hold its own mount). */
  withoutMount?: string;
}

export interface Sys {
  mount(source: string, target: string, fstype: string, flags: number, data: string): void;
  /** mount_setattr(2): sets MOUNT_ATTR_* flags of a mount, or of all below it too. ENOSYS before Linux 5.12. */
  mountSetattr(target: string, set: number, recursive: boolean): void;
  umount2(target: string, flags: number): void;
  /**
   * A copy of the mount at `path` in the mount namespace that `namespaceFd` names, as a descriptor of a mount that is nowhere yet; links
   * are resolved in that namespace's own root. In a child process: this one stays where it is. ENOSYS before Linux 5.2.
   */
  borrowMount(namespaceFd: number, path: string): number;
  /** Puts such a mount on `target`. */
  attachMount(fd: number, target: string): void;
  /** pivot_root(2) for every thread of this process (they share one fs_struct): only in a mount namespace of our own, see host/worker.ts. */
  pivotRoot(newRoot: string, putOld: string): void;
  /** mknod(2); dev = makedev(major, minor). */
  mknod(path: string | Buffer, mode: number, major: number, minor: number): void;
  /** mknodat/linkat/etc. are not needed: workers are pivoted into their tree. */
  lsetxattr(path: string | Buffer, name: string | Buffer, value: Buffer): void;
  lgetxattr(path: string | Buffer, name: string | Buffer): Buffer | undefined; // undefined: ENODATA
  llistxattr(path: string | Buffer): Buffer[]; // [] where unsupported
  lremovexattr(path: string | Buffer, name: string | Buffer): void;
  /** utimensat(AT_SYMLINK_NOFOLLOW), nanoseconds since the epoch. */
  lutimes(path: string | Buffer, atimeNs: bigint, mtimeNs: bigint): void;
  lchown(path: string | Buffer, uid: number, gid: number): void;
  fchown(fd: number, uid: number, gid: number): void;
  lstat(path: string | Buffer): Stat;
  /** Opens `path` below `dirFd` with openat2; resolve flags RESOLVE_*; ENOSYS is thrown where the kernel lacks it. */
  openat2(dirFd: number, path: string, flags: number, mode: number, resolve: number): number;
  mkdirat(dirFd: number, name: string, mode: number): void;
  symlinkat(target: string, dirFd: number, name: string): void;
  /** flock(2); op = LOCK_SH|LOCK_EX|LOCK_UN [|LOCK_NB]. Returns false for EWOULDBLOCK, true when done. A blocking call blocks the process. */
  flock(fd: number, op: number): boolean;
  /** An anonymous pair, close-on-exec; type SOCK_STREAM or SOCK_SEQPACKET. */
  socketpair(type: 'stream' | 'seqpacket'): [number, number];
  /** pipe2(O_CLOEXEC): [read end, write end]. */
  pipe(): [number, number];
  /** F_SETPIPE_SZ. @throws EPERM beyond what pipes of this user may hold */
  growPipe(fd: number, bytes: number): void;
  /** memfd_create(2): an anonymous file in memory, close-on-exec. */
  memfd(name: string): number;
  /** connect to a unix socket (SOCK_SEQPACKET); works with paths longer than sun_path by /proc/self/fd. Close-on-exec. */
  connectSeqpacket(path: string): number;
  /** shutdown(2) of both directions: whatever waits to read from the socket, in any thread, gets its end. */
  shutdown(fd: number): void;
  /** Sends one datagram to a unix socket; "@name" is one of the abstract namespace. */
  sendDatagram(path: string, text: string): void;
  /** poll(2) for reading; returns the fds that are readable or hung up; [] on time-out. timeoutMs < 0 waits for ever. */
  poll(fds: readonly number[], timeoutMs: number): number[];
  /** Starts a child as told; signal mask empty, dispositions default (also SIGPIPE, which systemd ignores). Returns its pid. Sync errors (ENOENT, EACCES) are thrown. */
  spawn(options: SpawnOptions): number;
  /** waitpid(2). undefined when WNOHANG was asked and it still runs. */
  waitpid(pid: number, noHang: boolean): ExitStatus | undefined;
  /** waitpid(2) in a thread of its own. Keeps the event loop alive until the child ends. */
  wait(pid: number): Promise<ExitStatus>;
  /**
   * Replaces this process (all threads die); only the mapped fds stay open; dispositions default. Returns only by throwing, and
   * then this process is as it was before.
   */
  execve(options: SpawnOptions): never;
  pidfdOpen(pid: number): number;
  pidfdSendSignal(pidfd: number, signal: number): void;
  /** Makes a network namespace in a thread of its own, its loopback up, and binds it at `path` (an existing empty file). */
  createNetns(path: string): void;
  syncfs(fd: number): void;
  renameNoReplace(from: string, to: string): void; // renameat2(RENAME_NOREPLACE); EEXIST
  renameExchange(a: string, b: string): void;
  statfs(path: string): { type: number; bavail: bigint; bfree: bigint; blocks: bigint; bsize: number; files: bigint; ffree: bigint; flags: number };
  prctlSubreaper(): void;
  /** Gives up the ambient and the inheritable capabilities of the calling thread. */
  dropAmbient(): void;
  /** copy_file_range/reflink: FICLONE, throws EOPNOTSUPP/EXDEV. */
  ficlone(destFd: number, srcFd: number): void;
  /** lseek SEEK_DATA / SEEK_HOLE from offset; undefined at the end of data (ENXIO). */
  seekData(fd: number, offset: number): number | undefined;
  seekHole(fd: number, offset: number): number;
  isatty(fd: number): boolean;
  /** [rows, columns]; undefined where fd is no terminal. */
  windowSize(fd: number): [number, number] | undefined;
  /** A decoder of the host's libzstd, with windows of 128 MiB at most; undefined where there is none. */
  zstdDecoder(): object | undefined;
  /**
   * Decodes input from `from` on into output: [bytes read, bytes written, 0 at the end of a frame whose bytes are all out, else 1].
   * Throws an Error with code ZSTD_ERROR.
   */
  zstdDecompress(decoder: object, input: Uint8Array, from: number, output: Uint8Array): [number, number, number];
  /** Goes on with a CRC-64/GO-ISO: eight bytes, big-endian, zeros at first. */
  crc64(sum: Buffer, bytes: Buffer): void;
  /** Opens for reading what is a regular file (else EINVAL), without following a link at the path's end. */
  openRegular(path: string | Buffer): number;
  /** Reads up to `length` bytes into the buffer, fewer at the file's end only, and goes on with the sum of what was read. */
  readSummed(fd: number, sum: Buffer, buffer: Buffer, length: number): number;
  /** The two in one: opens, reads up to `length` bytes, closes. A layer's many small files cost half as much by it. */
  readRegular(path: string | Buffer, sum: Buffer, buffer: Buffer, length: number): number;
  /**
   * Compresses to one gzip member in a thread of the pool, by the host's libdeflate (ENOSYS without it); `level` is 1 to 12. Returns how
   * many bytes are in the output, which has gzipBound(input.length) at least. Neither is to be touched until it is done.
   */
  gzip(input: Buffer, output: Buffer, level: number): Promise<number>;
  /** Undefined where the host has no libdeflate. */
  gzipBound(length: number): number | undefined;
  /** Sets or clears FD_CLOEXEC. */
  setCloexec(fd: number, on: boolean): void;
  /** getrandom(2); at most 256 bytes. */
  random(length: number): Buffer;
  /** By the OpenSSL in Node; undefined where it can't be reached. */
  sha256(data: Buffer): Buffer | undefined;
}

/** In the installed program the loader may have loaded it already (helpers/build/loader.cjs). */
let loaded = (import.meta as { addon?: Sys }).addon;

/** The addon, by the one call that require() comes down to, for a third of its time. @throws HELPER_MISSING where it was not built */
export function sys(): Sys {
  if (loaded !== undefined) return loaded;
  const module = { exports: {} as Sys };
  const path = helperPath('sys.node');
  try {
    process.dlopen(module, path);
  } catch (error) {
    throw new SkiffError('HELPER_MISSING', `load ${JSON.stringify(path)}: ${error instanceof Error ? error.message : String(error)}`, { cause: error, hint: 'run: npm run build' });
  }
  return (loaded = module.exports);
}
