/**
 * Talking to a container's monitor over its attach socket (index.ts tells the protocol): signals, window size, waiting for the end.
 * Synchronous, one connection an errand. Who relays a terminal becomes skiff-attach instead (become.ts).
 */
import { closeSync, readSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { isErrno, SkiffError, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import { connectSeqpacket, waitReadable } from '../host/descriptors.ts';
import { parseExitRecord, type ExitRecord } from './exit-record.ts';
import { helloFlag, packet, packetMaxBytes } from './index.ts';

/** What a client wants of the container; `exit`: to be told how it ended. */
export interface Hello { stdin?: boolean; stdout?: boolean; stderr?: boolean; exit?: boolean }

export interface Packet { type: string; body: Buffer }

/** An open connection. `fd` is for waitReadable() over several containers; whoever has it closes it. */
export interface MonitorConnection {
  readonly fd: number;
  send(type: string, body?: Uint8Array): void;
  /** Blocks. Undefined: the monitor has ended, or dropped us. */
  receive(): Packet | undefined;
  close(): void;
}

/** How a wait came out. `gone`: no monitor, or it was killed: the exit record on disk knows, if anything does. */
export type WaitResult = { kind: 'exited'; record: ExitRecord } | { kind: 'gone' } | { kind: 'timeout' };

/** The first packet of a client. Pure. */
export function helloPacket(hello: Hello): Buffer {
  const flags = (hello.stdin === true ? helloFlag.stdin : 0) | (hello.stdout === true ? helloFlag.stdout : 0)
    | (hello.stderr === true ? helloFlag.stderr : 0) | (hello.exit === true ? helloFlag.exit : 0);
  return Buffer.from([packet.hello.charCodeAt(0), flags]);
}

/** Undefined where no monitor listens: the container has ended or is being started. @throws PERMISSION, IO */
export function connectMonitor(runDir: string, hello?: Hello): MonitorConnection | undefined {
  let fd: number;
  try {
    fd = connectSeqpacket(join(runDir, 'attach'));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ECONNREFUSED')) return undefined;
    throw wrap(error, 'connect to the monitor');
  }
  const connection = connectionOf(fd);
  if (hello !== undefined) connection.send(packet.hello, helloPacket(hello).subarray(1));
  return connection;
}

/** Wraps a connected descriptor. A monitor that has gone swallows what is sent and shows at receive(). */
export function connectionOf(fd: number): MonitorConnection {
  return {
    fd,
    send: (type, body = new Uint8Array()) => {
      try {
        writeSync(fd, Buffer.concat([Buffer.from(type), body]));
      } catch (error) {
        if (!isErrno(error, 'EPIPE', 'ECONNRESET')) throw wrap(error, 'send to the monitor');
      }
    },
    receive: () => receive(fd),
    close: () => closeSync(fd),
  };
}

function receive(fd: number): Packet | undefined {
  const buffer = Buffer.allocUnsafe(packetMaxBytes);
  const count = readPast(fd, buffer);
  return count === 0 ? undefined : { type: String.fromCharCode(buffer[0] ?? 0), body: buffer.subarray(1, count) };
}

/**
 * Reads a packet; 0 at the end. A monitor that closed before it read all of ours shows as ECONNRESET, which Linux tells
 * first and once: what it had said before, the exit code above all, still waits behind (unix(7)).
 */
function readPast(fd: number, buffer: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, buffer);
    } catch (error) {
      if (!isErrno(error, 'ECONNRESET')) throw wrap(error, 'receive from the monitor');
    }
  }
}

/**
 * How long a living monitor may take to answer. It does nothing but wait for work, save where it writes to a journal that is down: 5 s.
 */
export const answerMs = 10_000;

/**
 * Sends a signal to the container's first process, or with `all` to every process of it. 'ended' where it does not run (any
 * more), 'silent' where the monitor does not answer. @throws IO with data.errno where the kernel refused
 */
export function killContainer(runDir: string, signal: number, all = false): 'sent' | 'ended' | 'silent' {
  const connection = connectMonitor(runDir);
  if (connection === undefined) return 'ended';
  try {
    connection.send(all ? packet.killAll : packet.kill, Uint8Array.of(signal));
    const until = Date.now() + answerMs;
    for (;;) {
      if (waitReadable([connection.fd], Math.max(0, until - Date.now())).length === 0) {
        if (Date.now() >= until) return 'silent';
        continue;
      }
      const got = connection.receive();
      if (got === undefined) return 'ended';
      if (got.type !== packet.answer) continue;
      const errno = got.body.readInt32LE(0);
      if (errno === 0) return 'sent';
      if (errno === constants.errno.ESRCH) return 'ended';
      throw new SkiffError('IO', `send signal ${signal}: errno ${errno}`, { data: { errno } });
    }
  } finally {
    connection.close();
  }
}

/** Sets the size of the container's terminal; nothing where it has none. False where no monitor listens. */
export function resize(runDir: string, rows: number, columns: number): boolean {
  const connection = connectMonitor(runDir);
  if (connection === undefined) return false;
  const body = Buffer.alloc(4);
  body.writeUInt16LE(rows, 0);
  body.writeUInt16LE(columns, 2);
  connection.send(packet.resize, body);
  connection.close();
  return true;
}

/** Blocks until the container has ended and is cleaned up, or for `timeoutMs` (negative: for ever). */
export function waitExit(runDir: string, timeoutMs = -1): WaitResult {
  const connection = connectMonitor(runDir, { exit: true });
  if (connection === undefined) return { kind: 'gone' };
  const until = Date.now() + timeoutMs;
  try {
    for (;;) {
      const left = timeoutMs < 0 ? -1 : Math.max(0, until - Date.now());
      if (waitReadable([connection.fd], left).length === 0) {
        if (timeoutMs >= 0 && Date.now() >= until) return { kind: 'timeout' };
        continue;
      }
      const result = takeExit(connection);
      if (result !== undefined) return result;
    }
  } finally {
    connection.close();
  }
}

/** One packet of a connection that asked for the exit: undefined where it was another. */
export function takeExit(connection: MonitorConnection): Exclude<WaitResult, { kind: 'timeout' }> | undefined {
  return exitIn(connection.receive());
}

/** The exit that a packet tells, or the end of the connection; undefined for any other. */
export function exitIn(got: Packet | undefined): Exclude<WaitResult, { kind: 'timeout' }> | undefined {
  if (got === undefined) return { kind: 'gone' };
  if (got.type !== packet.exit) return undefined;
  const record = parseExitRecord(got.body.toString('utf8'));
  return record === undefined ? { kind: 'gone' } : { kind: 'exited', record };
}
