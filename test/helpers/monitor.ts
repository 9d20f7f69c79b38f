/**
 * The real skiff-monitor with the real OCI runtime, without the rest of skiff: each test gets a bundle made of the machine's
 * static busybox, and namespaces by unshare(1). `SKIFF_HELPERS_DIR` names other builds to test, `SKIFF_TEST_RUNTIME` another runtime.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { helperPath } from '../../src/host/helpers.ts';
import { waitReadable } from '../../src/host/descriptors.ts';
import { sys } from '../../src/host/sys.ts';
import { parseExitRecord, type ExitRecord } from '../../src/runtime/exit-record.ts';
import { deadlineMs, within } from './deadline.ts';
import { bundleConfig, makeRootfs, runtimeArgs } from './monitor-bundle.ts';
import { connectionOf, connectMonitor, helloPacket, type Hello, type MonitorConnection, type Packet } from '../../src/runtime/client.ts';
import { packet } from '../../src/runtime/index.ts';

export const containerID = '0123456789abcdef'.repeat(4);

export interface MonitorOptions {
  /** The container's command; busybox applets stand in /bin. */
  command: readonly string[];
  /** More of the monitor's command line. */
  args?: readonly string[];
  /** Default json-file at <dir>/log. */
  log?: readonly string[];
  terminal?: boolean;
  /** Said before the monitor is born, on --client-fd; 'silent': not said. */
  client?: Hello | 'silent';
  /** Shell commands run in the monitor's namespaces before it; $1 is the test's folder. */
  before?: string;
  /** Another OCI runtime; default crun. */
  runtime?: string;
  /** config.json's process and more. */
  config?: (config: Record<string, unknown>) => void;
  /** The bundle is not there before writeBundle(), which tells the monitor of it. */
  awaitBundle?: boolean;
  env?: Record<string, string>;
}

export interface MonitorRun {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly client: MonitorConnection | undefined;
  /** The next event of the status channel; undefined where it was closed. */
  event(): Promise<Record<string, unknown> | undefined>;
  /** Waits for the event and fails the test for any other. */
  expectEvent(name: string): Promise<Record<string, unknown>>;
  say(text: string): void;
  /** The word for `awaitBundle`. */
  writeBundle(): void;
  closeStatus(): void;
  /** Resolves when the monitor has ended; rejects when it has not until the deadline, which counts from the moment it is asked for. */
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  stderr(): string;
}

export interface MonitorWorld {
  readonly dir: string;
  readonly runDir: string;
  readonly log: string;
  readonly exitFile: string;
  start(options: MonitorOptions): MonitorRun;
  /** Runs to the end and returns the exit record. */
  run(options: MonitorOptions): Promise<ExitRecord>;
  connect(hello: Hello): MonitorConnection;
  /** "Running" is that this is true. */
  lockHeld(): boolean;
  exitRecord(): ExitRecord | undefined;
}

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;

export function makeMonitorWorld(t: ExecutionContext, runtimeDir = 'runtime'): MonitorWorld {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-monitor-'));
  const runDir = join(dir, runtimeDir, containerID);
  mkdirSync(runDir, { recursive: true, mode: 0o700 });
  makeRootfs(join(dir, 'rootfs'));
  const lockPath = join(runDir, 'lock');
  const exitFile = join(dir, 'exit.json');
  const log = join(dir, 'log');
  const started = new Set<ChildProcess>();
  const connections = new Set<MonitorConnection>();

  const start: MonitorWorld['start'] = (options) => {
    mkdirSync(runDir, { recursive: true, mode: 0o700 });
    const writeConfig = (): void => { writeFileSync(join(runDir, 'config.json'), JSON.stringify(bundleConfig(join(dir, 'rootfs'), options))); };
    if (options.awaitBundle !== true) writeConfig();
    const argv = [
      helperPath('skiff-monitor'), '--id', containerID, '--run-dir', runDir, '--bundle', runDir, '--exit-file', exitFile, '--status-fd', '3', '--lock-fd', '4',
      ...runtimeArgs(options.runtime, dir), ...(options.log ?? ['--log-driver', 'json-file', '--log-path', log]),
      ...(options.terminal === true ? ['--terminal'] : []), ...(options.awaitBundle === true ? ['--await-bundle'] : []), ...(options.client === undefined ? [] : ['--client-fd', '5']), ...(options.args ?? []),
    ];
    const lock = openSync(lockPath, 'w+', 0o600);
    if (!sys().flock(lock, LOCK_EX | LOCK_NB)) throw new Error('the run lock is held');
    const pair = options.client === undefined ? undefined : sys().socketpair('seqpacket');
    const client = pair === undefined ? undefined : connectionOf(pair[0]);
    if (client !== undefined) connections.add(client);
    if (options.client !== undefined && options.client !== 'silent') client?.send(packet.hello, helloPacket(options.client).subarray(1));
    const script = `mount -t cgroup2 none /sys/fs/cgroup; ${options.before ?? ':'}; shift; exec "$@"`;
    const child = spawn('unshare', ['-r', '-m', '-C', '--propagation', 'slave', 'sh', '-ec', script, 'sh', dir, ...argv], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', lock, ...(pair === undefined ? [] : [pair[1]])], detached: true,
      env: { ...process.env, ...options.env },
    });
    closeSync(lock);
    if (pair !== undefined) closeSync(pair[1]);
    started.add(child);
    return follow(t, child, { client, writeConfig, over: () => started.delete(child) });
  };

  const world: MonitorWorld = {
    dir, runDir, log, exitFile, start,
    run: async (options) => {
      const run = start(options);
      await run.expectEvent('started');
      const { code } = await run.ended;
      const record = world.exitRecord();
      if (record === undefined) throw new Error(`no exit record: ${run.stderr()}`);
      t.is(code, record.exitCode, `the monitor ends as the container did: ${run.stderr()}`);
      return record;
    },
    connect: (hello) => {
      const connection = connectMonitor(runDir, hello);
      if (connection === undefined) throw new Error('no monitor listens');
      connections.add(connection);
      return connection;
    },
    lockHeld: () => {
      if (!existsSync(lockPath)) return false;
      const fd = openSync(lockPath, 'r');
      const free = sys().flock(fd, LOCK_SH | LOCK_NB);
      closeSync(fd);
      return !free;
    },
    exitRecord: () => (existsSync(exitFile) ? parseExitRecord(readFileSync(exitFile, 'utf8')) : undefined),
  };
  t.teardown(async () => {
    for (const connection of connections) connection.close();
    const state = join(runDir, 'state.json');
    for (const child of started) child.kill('SIGTERM');
    if (existsSync(state)) killIfThere((JSON.parse(readFileSync(state, 'utf8')) as { pid: number }).pid);
    await Promise.all([...started].map(async (child) => {
      const timer = setTimeout(() => { child.kill('SIGKILL'); }, 5000);
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      clearTimeout(timer);
    }));
    rmSync(dir, { recursive: true, force: true });
  });
  return world;
}

function follow(t: ExecutionContext, child: ChildProcess, { client, writeConfig, over }: { client: MonitorConnection | undefined; writeConfig: () => void; over: () => void }): MonitorRun {
  let stderr = '';
  let text = '';
  let closed = false;
  let wake = (): void => {};
  const status = child.stdio[3] as Socket;
  child.stderr?.on('data', (bytes: Buffer) => { stderr += bytes.toString(); });
  status.on('data', (bytes: Buffer) => { text += bytes.toString(); wake(); });
  status.on('close', () => { closed = true; wake(); });
  status.on('error', () => { closed = true; wake(); });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on('exit', (code, signal) => { over(); resolve({ code, signal }); });
  });
  const run: MonitorRun = {
    pid: child.pid ?? 0, child, client, stderr: () => stderr,
    get ended() { return within(ended, () => `the monitor has not ended: ${text}${stderr}`); },
    event: async () => {
      for (;;) {
        const end = text.indexOf('\n');
        if (end >= 0) {
          const line = text.slice(0, end);
          text = text.slice(end + 1);
          return JSON.parse(line) as Record<string, unknown>;
        }
        if (closed) return undefined;
        await within(new Promise<void>((resolve) => { wake = resolve; }), () => `no event of the monitor: ${text}${stderr}`);
      }
    },
    expectEvent: async (name) => {
      const event = await run.event();
      if (event === undefined) await run.ended; // so that all of its stderr is there to be told
      t.is(event?.['event'], name, `${JSON.stringify(event)} ${stderr}`);
      return event ?? {};
    },
    say: (said) => { status.write(said); },
    writeBundle: () => {
      writeConfig();
      status.write('bundle\n');
    },
    closeStatus: () => { status.destroy(); },
  };
  return run;
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as { code?: string }).code !== 'ESRCH') throw error;
  }
}

/** The next packet. This process stands still meanwhile, so the wait has to end by itself. */
function receive(connection: MonitorConnection, seen: () => string): Packet | undefined {
  for (const end = performance.now() + deadlineMs; waitReadable([connection.fd], 1000).length === 0;) {
    if (performance.now() > end) throw new Error(`no packet within ${deadlineMs / 1000} s: ${seen()}`);
  }
  return connection.receive();
}

/** All packets until the monitor closes the connection; output is joined per stream. */
export function drain(connection: MonitorConnection): { stdout: Buffer; stderr: Buffer; exit: ExitRecord | undefined } {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let exit: ExitRecord | undefined;
  const seen = (): string => JSON.stringify(Buffer.concat([...stdout, ...stderr]).toString().slice(-2000));
  for (let got: Packet | undefined; exit === undefined && (got = receive(connection, seen)) !== undefined;) {
    if (got.type === packet.stdout) stdout.push(Buffer.from(got.body));
    if (got.type === packet.stderr) stderr.push(Buffer.from(got.body));
    if (got.type === packet.exit) exit = parseExitRecord(got.body.toString());
  }
  return { stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), exit };
}

/** Reads packets until `done` likes what has come on stdout so far. */
export function readUntil(connection: MonitorConnection, done: (text: string) => boolean): string {
  let text = '';
  while (!done(text)) {
    const got = receive(connection, () => JSON.stringify(text.slice(-2000)));
    if (got === undefined || got.type === packet.exit) throw new Error(`ended before: ${JSON.stringify(text)}`);
    if (got.type === packet.stdout) text += got.body.toString();
  }
  return text;
}

/** Reads the packet of this type; others are skipped. */
export function readType(connection: MonitorConnection, type: string): Packet {
  for (;;) {
    const got = receive(connection, () => `'${type}' is waited for`);
    if (got === undefined) throw new Error(`the connection ended before a packet '${type}'`);
    if (got.type === type) return got;
  }
}

/** A hello that asks for all there is. */
export const everything = { stdin: true, stdout: true, stderr: true, exit: true };

/** Sends stdin as the protocol wants it: the next packet when the last was taken. Returns whether more is welcome. */
export function sendStdin(client: MonitorConnection, bytes: Uint8Array): boolean {
  let welcome = true;
  for (let at = 0; at < bytes.length && welcome; at += 32_000) {
    client.send(packet.stdin, bytes.subarray(at, at + 32_000));
    welcome = readType(client, packet.credit).body[0] === 1;
  }
  return welcome;
}
