/** The OCI runtime: which, how old, and whether it starts a container here, one with a terminal as well. */
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { join } from '../../lib/paths.ts';
import { config } from '../config/index.ts';
import { childEnv } from '../env.ts';
import { findProgram } from '../find-program.ts';
import { helperPath } from '../helpers.ts';
import { removeTree } from '../remove-tree.ts';
import { run, runSync } from '../run.ts';
import { session } from '../session.ts';
import { type Check, fail, ok, type Verdict, warn } from './index.ts';
import { compareVersions } from './kernel.ts';
import { installCommand } from './packages.ts';

/**
 * Oldest releases without the known escapes by /dev, /proc and masked paths (CVE-2026-47766, -88264, -88265 in crun;
 * CVE-2025-31133, -52565, -52881, CVE-2026-41579 in runc). runc keeps several lines alive: each has its own floor.
 */
const crunFloor = '1.30';
const runcFloors = ['1.3.6', '1.4.3', '1.5.0'] as const;

/** True where an upstream release of this number has the known holes; a distribution may have mended them without a new number. */
export function isBelowFloor(runtime: 'crun' | 'runc', version: string): boolean {
  if (runtime === 'crun') return compareVersions(version, crunFloor) < 0;
  const floor = runcFloors.find((candidate) => candidate.split('.').slice(0, 2).join('.') === version.split('.').slice(0, 2).join('.'));
  return compareVersions(version, floor ?? runcFloors[0]) < 0;
}

/** "crun version 1.8.1" -> crun, 1.8.1; undefined for other runtimes. */
export function parseRuntimeVersion(text: string): { runtime: 'crun' | 'runc'; version: string } | undefined {
  const match = /^(crun|runc) version (\d+(?:\.\d+)*)/m.exec(text);
  return match === null ? undefined : { runtime: match[1] as 'crun' | 'runc', version: match[2] ?? '' };
}

/** The one that containers.conf or --runtime names; else crun, else runc (as runtime/choose.ts). */
function runtimePath(): string | undefined {
  const { runtime, runtimes } = config();
  const names = runtime === undefined || runtime === '' ? ['crun', 'runc'] : [...(runtimes?.[runtime] ?? []), runtime];
  for (const name of names) {
    const path = findProgram(name);
    if (path !== undefined) return path;
  }
  return undefined;
}

function version(): Verdict {
  const path = runtimePath();
  const wanted = config().runtime ?? 'crun';
  if (path === undefined) return fail(`"${wanted}" is not installed`, wanted === 'crun' || wanted === 'runc' ? installCommand(wanted) : 'name one that is on PATH, or its path, with --runtime or in containers.conf');
  // crun makes its folder for state even for that, and wants one that is ours.
  const { stdout, stderr, exitCode } = runSync([path, '--version'], { timeoutMs: 10_000, env: childEnv({ XDG_RUNTIME_DIR: process.env['XDG_RUNTIME_DIR'] ?? session().runtimeDir }) });
  if (exitCode !== 0) return fail(`${path} --version: ${stderr.toString().trim() || `exit code ${exitCode}`}`);
  const text = stdout.toString();
  const known = parseRuntimeVersion(text);
  if (known === undefined) return ok(`${path}: ${text.split('\n')[0] ?? ''}`);
  const found = `${known.runtime} ${known.version} (${path})`;
  if (!isBelowFloor(known.runtime, known.version)) return ok(found);
  const floor = known.runtime === 'crun' ? crunFloor : runcFloors.join(', ');
  return warn(`${found}: below ${floor} only a distribution's backports cover the known holes`, `keep it updated (${installCommand(known.runtime)}), or install release ${known.runtime === 'crun' ? crunFloor : runcFloors.at(-1) ?? ''} and name it with --runtime`);
}

/** The least that is a container: our init as its only program, which is told to run what does not exist. */
const bundle = {
  ociVersion: '1.0.2',
  process: {
    terminal: false, user: { uid: 0, gid: 0 }, args: ['/init', '--', '/nothing'], env: ['PATH=/'], cwd: '/', noNewPrivileges: true,
    capabilities: { bounding: [], effective: [], permitted: [] },
  },
  root: { path: 'rootfs', readonly: false },
  hostname: 'doctor',
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=64k'] },
  ],
  linux: { namespaces: ['pid', 'ipc', 'uts', 'mount', 'network'].map((type) => ({ type })) },
};

/** What init says of a command that it can't find; seen, it proves that a process ran inside. */
const expectedCode = 127;

interface Trial {
  /** The runtime's command line without its subcommand. */
  base: readonly string[];
  bundleDir: string;
  id: string;
}

/** What a container of `spec` comes to, which `attempt` runs to its end. */
async function tryContainer(spec: object, attempt: (trial: Trial) => Promise<{ exitCode: number | undefined; said: string }>, found: (ms: number) => string): Promise<Verdict> {
  const path = runtimePath();
  if (path === undefined) return fail('not tried without a runtime');
  if (session().userns.kind !== 'entered') return fail('not tried without a user namespace');
  const place = mkdtempSync(join(session().runtimeDir, 'doctor-'));
  const id = basename(place);
  const isCrun = basename(path) === 'crun';
  const base = [path, ...(isCrun ? ['--cgroup-manager=disabled'] : []), '--root', join(place, 'state')];
  try {
    mkdirSync(join(place, 'rootfs'));
    copyFileSync(helperPath('skiff-init'), join(place, 'rootfs', 'init'));
    writeFileSync(join(place, 'config.json'), JSON.stringify(spec));
    const began = performance.now();
    const { exitCode, said } = await attempt({ base, bundleDir: place, id });
    if (exitCode === expectedCode && said.includes('skiff-init')) return ok(found(Math.round(performance.now() - began)));
    await run([...base, 'delete', '--force', id], { timeoutMs: 10_000 });
    return fail(`exit code ${exitCode}: ${said.trim()}`);
  } finally {
    removeTree(place);
  }
}

function start(): Promise<Verdict> {
  return tryContainer(bundle, async ({ base, bundleDir, id }) => {
    const result = await run([...base, 'run', '--bundle', bundleDir, id], { timeoutMs: 30_000 });
    return { exitCode: result.exitCode, said: result.stderr.toString() };
  }, (ms) => `a container started and ended in ${ms} ms`);
}

/** As with -t: terminals of its own take a devpts that this machine lets a user namespace mount, and one of the terminals it has left. */
const terminalBundle = {
  ...bundle,
  process: { ...bundle.process, terminal: true },
  mounts: [...bundle.mounts, { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'] }],
};

function terminal(): Promise<Verdict> {
  return tryContainer(terminalBundle, ({ base, bundleDir, id }) => atTerminal([...base, 'run', '--bundle', bundleDir, id], 30_000), () => 'a container had one of its own');
}

/** Runs a program as somebody at a terminal would (node-pty). Rejects where no terminal can be opened. */
function atTerminal(argv: readonly string[], timeoutMs: number): Promise<{ exitCode: number; said: string }> {
  const { spawn } = createRequire(import.meta.url)('node-pty') as typeof import('node-pty');
  return new Promise((resolve) => {
    const pty = spawn(argv[0] ?? '', argv.slice(1), { cwd: '/', env: Object.fromEntries(childEnv().map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])) });
    let said = '';
    const late = setTimeout(() => pty.kill('SIGKILL'), timeoutMs);
    pty.onData((text) => { said += text; });
    pty.onExit(({ exitCode, signal }) => {
      clearTimeout(late);
      resolve({ exitCode: signal !== undefined && signal > 0 ? 128 + signal : exitCode, said });
    });
  });
}

export const runtimeChecks: readonly Check[] = [
  { group: 'runtime', title: 'version', run: version },
  { group: 'runtime', title: 'starts', run: start },
  { group: 'runtime', title: 'terminal', run: terminal },
];
