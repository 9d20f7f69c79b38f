/**
 * A world of one test's own: HOME, runtime dir and store under a fresh temporary folder, and the real binary to drive.
 * `SKIFF_BIN` names another binary to test (a packed install, a sanitizer build).
 *
 * Teardown removes all containers first and then the folder from inside the user namespace, where the files of
 * subordinate ids may be removed; it fails the test when anything outlives it.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { deadlineMs, until, waiters, within } from './deadline.ts';

export interface Result { code: number | null; signal: string | null; stdout: string; stderr: string; stdoutBytes: Buffer }
export interface RunOptions { input?: string | Uint8Array; env?: Record<string, string>; cwd?: string; timeoutMs?: number }

/** The repository's (or installation's) top folder: where package.json is. */
export function projectRoot(): string {
  let at = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(at, 'package.json'))) at = dirname(at);
  return at;
}

/** The binary under test. */
export const skiffBin = process.env['SKIFF_BIN'] ?? join(projectRoot(), 'helpers', 'bin', 'skiff');

export interface World {
  readonly dir: string;
  readonly home: string;
  readonly runtime: string;
  /** The store: $HOME/.local/share/skiff */
  readonly root: string;
  readonly env: Record<string, string>;
  /** Runs skiff to its end. Never throws for an exit code. */
  skiff(args: readonly string[], options?: RunOptions): Result;
  /** Like skiff(), but a non-zero exit fails the test with both streams shown; returns trimmed stdout. */
  ok(...args: string[]): string;
  /** Starts skiff and leaves it running; ended at teardown. */
  start(args: readonly string[], options?: { env?: Record<string, string>; cwd?: string; stdin?: 'pipe' | 'ignore' }): Running;
  /** Any other program in this world's environment. */
  run(argv: readonly string[], options?: RunOptions): Result;
}

export interface Ending { code: number | null; signal: string | null }

export interface Running {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves once stdout matches; rejects when the process ends first, or at the deadline. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
  /** Rejects when there is no end until the deadline, which counts from the moment it is asked for. */
  readonly exit: Promise<Ending>;
  /** The same for what may take longer than other commands. */
  exitWithin(ms: number): Promise<Ending>;
}

/** Makes a world and registers its teardown with the test. */
export function makeWorld(t: ExecutionContext, options: { env?: Record<string, string> } = {}): World {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-'));
  const home = join(dir, 'home');
  const runtime = join(dir, 'run');
  mkdirSync(home);
  mkdirSync(runtime, { mode: 0o700 });
  const env: Record<string, string> = {
    HOME: home, XDG_RUNTIME_DIR: runtime, PATH: '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin',
    TERM: 'xterm', LANG: 'C.UTF-8', USER: process.env['USER'] ?? '', LOGNAME: process.env['LOGNAME'] ?? '', ...options.env,
  };
  if (process.env['SKIFF_HELPERS_DIR'] !== undefined) env['SKIFF_HELPERS_DIR'] = process.env['SKIFF_HELPERS_DIR'];
  const running = new Set<ChildProcess>();

  const run: World['run'] = (argv, opts = {}) => {
    const [program, ...args] = argv;
    const done = spawnSync(program ?? '', args, {
      env: { ...env, ...opts.env }, cwd: opts.cwd ?? home, input: opts.input ?? '', timeout: opts.timeoutMs ?? 120_000, maxBuffer: 1 << 30,
    });
    if (done.error !== undefined && done.status === null && done.signal === null) throw done.error;
    return { code: done.status, signal: done.signal, stdout: done.stdout.toString(), stderr: done.stderr.toString(), stdoutBytes: done.stdout };
  };
  const skiff: World['skiff'] = (args, opts) => run([skiffBin, ...args], opts);
  const world: World = {
    dir, home, runtime, env, run, skiff,
    root: join(home, '.local', 'share', 'skiff'),
    ok(...args) {
      const result = skiff(args);
      if (result.code !== 0) t.log(`skiff ${args.join(' ')}\nexit ${result.code} ${result.signal ?? ''}\nstdout: ${result.stdout}\nstderr: ${result.stderr}`);
      t.is(result.code, 0, `skiff ${args.join(' ')}: ${result.stderr}`);
      return result.stdout.trimEnd();
    },
    start(args, opts = {}) {
      const child = spawn(skiffBin, args, { env: { ...env, ...opts.env }, cwd: opts.cwd ?? home, stdio: [opts.stdin ?? 'ignore', 'pipe', 'pipe'] });
      running.add(child);
      return follow(child, () => running.delete(child));
    },
  };
  t.teardown(async () => {
    for (const child of running) child.kill('SIGKILL');
    endPause(runtime);
    if (existsSync(world.root)) {
      const removed = skiff(['rm', '-f', '-a', '-t', '0']);
      const wiped = skiff(['unshare', 'rm', '-rf', home]);
      if (removed.code !== 0 || wiped.code !== 0) throw new Error(`teardown: ${removed.stderr}${wiped.stderr}`);
    }
    // A monitor may still be at the end of its work.
    await until(() => livingProcesses(runtime).length === 0, () => `processes outlived the test: ${livingProcesses(runtime).join('; ')}`);
    rmSync(dir, { recursive: true, force: true });
  });
  return world;
}

/** Podman, asked for its opinion, leaves a process behind that holds its user namespace and ends by nothing less than SIGKILL. */
function endPause(runtime: string): void {
  const file = join(runtime, 'libpod', 'tmp', 'pause.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8'));
  if (Number.isSafeInteger(pid) && pid > 1 && isAlive(pid)) process.kill(pid, 'SIGKILL');
}

function follow(child: ChildProcess, ended: () => void): Running {
  let out = '';
  let err = '';
  let over = false;
  const seen = (): string => `${child.spawnargs.join(' ')}\nstdout: ${out.slice(-10_000)}\nstderr: ${err.slice(-10_000)}`;
  const watch = waiters({ look: (pattern) => pattern.exec(out), over: () => over, seen });
  child.stdout?.on('data', (bytes: Buffer) => { out += bytes.toString(); watch.wake(); });
  child.stderr?.on('data', (bytes: Buffer) => { err += bytes.toString(); });
  const exit = new Promise<Ending>((resolve) => {
    child.on('close', (code, signal) => { over = true; ended(); resolve({ code, signal }); watch.wake(); });
  });
  return {
    child, stdout: () => out, stderr: () => err, waitFor: watch.wait,
    get exit() { return this.exitWithin(deadlineMs); },
    exitWithin: (ms) => within(exit, () => `no end of ${seen()}`, ms),
  };
}

/** Processes (not zombies) whose environment or command line names `marker`: what a world left behind. */
export function livingProcesses(marker: string): string[] {
  const found: string[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      if (/^State:\s+Z/m.test(readFileSync(`/proc/${name}/status`, 'utf8'))) continue;
      const cmdline = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      if (cmdline.includes(marker)) found.push(`${name} ${cmdline}`);
    } catch {
      // The process ended, or belongs to somebody else: neither is ours to report.
    }
  }
  return found;
}

/** True while the process is there and no zombie: a PID 1 that never reaps keeps those for ever. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false; // no such process any more
  }
}
