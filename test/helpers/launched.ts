/**
 * The launcher alone: instead of the product it starts a small script, which tells what it finds itself in. So these tests
 * say nothing of verbs and everything of namespaces, descriptors, signals and the environment.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { skiffBin, type Result, type RunOptions, type Running, type World } from './world.ts';

/** What the script reports of itself. */
export interface Found {
  argv: string[];
  env: Record<string, string>;
  pid: number;
  uid: number;
  gid: number;
  uidMap: string;
  gidMap: string;
  userns: string;
  mountns: string;
  mountinfo: string;
  /** Number -> what it is. */
  fds: Record<string, string>;
}

const report = `
const fs = require('node:fs');
const read = (name) => fs.readFileSync('/proc/self/' + name, 'utf8');
const fds = {};
for (const fd of fs.readdirSync('/proc/self/fd')) try { fds[fd] = fs.readlinkSync('/proc/self/fd/' + fd); } catch {}
process.stdout.write(JSON.stringify({
  argv: process.argv.slice(2), env: process.env, pid: process.pid, uid: process.getuid(), gid: process.getgid(), uidMap: read('uid_map'), gidMap: read('gid_map'),
  userns: fs.readlinkSync('/proc/self/ns/user'), mountns: fs.readlinkSync('/proc/self/ns/mnt'), mountinfo: read('mountinfo'), fds,
}) + '\\n');
if (process.argv.includes('stay')) process.stdin.resume();
`;

/** \`skiff VERB SCRIPT\`: runs a shell script where the launcher put us. */
const shell = `
const { status, signal } = require('node:child_process').spawnSync('sh', ['-c', process.argv[3]], { stdio: 'inherit' });
if (signal) process.kill(process.pid, signal); else process.exitCode = status;
`;

export interface Launcher {
  /** Environment that makes the launcher start the reporting script. */
  readonly env: Record<string, string>;
  /** Path of the script that runs a shell; for SKIFF_MAIN. */
  readonly shell: string;
  /** Runs to the end and parses the report. */
  find(args: readonly string[], options?: RunOptions): Found;
  /** Starts one that stays in its namespace until its stdin closes. */
  stay(args: readonly string[], options?: { env?: Record<string, string> }): Promise<{ running: Running; found: Found }>;
  /** Runs a shell script inside the user namespace, as its root, with mounts of its own. */
  inside(script: string, options?: RunOptions): Result;
}

export function makeLauncher(world: World): Launcher {
  const main = join(world.dir, 'report.cjs');
  const shellMain = join(world.dir, 'shell.cjs');
  writeFileSync(main, report);
  writeFileSync(shellMain, shell);
  const env = { SKIFF_MAIN: main };
  return {
    env,
    shell: shellMain,
    find(args, options = {}) {
      const result = world.skiff(args, { ...options, env: { ...env, ...options.env } });
      if (result.code !== 0) throw new Error(`skiff ${args.join(' ')}: ${result.code} ${result.signal} ${result.stderr}`);
      return JSON.parse(result.stdout) as Found;
    },
    async stay(args, options = {}) {
      const running = world.start([...args, 'stay'], { stdin: 'pipe', env: { ...env, ...options.env } });
      const [line] = await running.waitFor(/.*\n/);
      return { running, found: JSON.parse(line) as Found };
    },
    inside: (script, options = {}) => world.run([skiffBin, 'unshare', script], { ...options, env: { SKIFF_MAIN: shellMain, ...options.env } }),
  };
}
