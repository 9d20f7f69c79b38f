/** The store of a world, driven without the commands around it (storage-driver.ts), and archives to feed it. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import type { Result, RunOptions, World } from './world.ts';
import { makeWorld, skiffBin } from './world.ts';

const driver = join(dirname(fileURLToPath(import.meta.url)), 'storage-driver.js');
// What the launcher tells every command: `unshare` does not pass it on.
const asCommand = `SKIFF_LAUNCHED=1 SKIFF_USERNS=joined SKIFF_SELF='${skiffBin}' exec '${process.execPath}' '${driver}' "$@"`;

export interface Failure { code: string; message: string; hint?: string }

export interface StorageWorld extends World {
  /** argv that runs a verb of the driver in the user namespace. */
  argv(verb: string, ...args: string[]): string[];
  /** Runs a verb; the result may be a failure. */
  raw(verb: string, args: readonly string[], options?: RunOptions): Result;
  /** Runs a verb that must succeed; returns what it printed as JSON. */
  store<T = unknown>(verb: string, ...args: string[]): T;
  /** Runs a verb that must fail with a SkiffError. */
  fails(verb: string, ...args: string[]): Failure;
  /** Writes a file in the world and returns its path. */
  file(name: string, bytes: Uint8Array | string): string;
  /** A shell in the user namespace, in the home folder. */
  inside(script: string): string;
}

export interface Applied { chainID: string; diffID: string; digest: string; sizeBytes: number; added: boolean; notes: string[] }

export function storageWorld(t: ExecutionContext): StorageWorld {
  const main = process.env['SKIFF_MAIN'];
  const world = makeWorld(t, main === undefined ? {} : { env: { SKIFF_MAIN: main } });
  const argv: StorageWorld['argv'] = (verb, ...args) => [skiffBin, 'unshare', 'sh', '-c', asCommand, 'sh', verb, world.root, ...args];
  const raw: StorageWorld['raw'] = (verb, args, options) => world.run(argv(verb, ...args), options);
  return {
    ...world, argv, raw,
    store: <T>(verb: string, ...args: string[]) => {
      const done = raw(verb, args);
      if (done.code !== 0) throw new Error(`${verb} ${args.join(' ')}: exit ${done.code}\n${done.stderr}`);
      return JSON.parse(done.stdout) as T;
    },
    fails: (verb, ...args) => {
      const done = raw(verb, args);
      if (done.code === 0) throw new Error(`${verb} ${args.join(' ')} succeeded: ${done.stdout}`);
      try {
        return JSON.parse(done.stderr) as Failure;
      } catch {
        throw new Error(`${verb} ${args.join(' ')} failed without a SkiffError (exit ${done.code} ${done.signal}): ${done.stderr}`);
      }
    },
    file: (name, bytes) => {
      const path = join(world.home, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
      return path;
    },
    inside: (script) => {
      const done = world.skiff(['unshare', 'sh', '-ec', script], { cwd: world.home });
      if (done.code !== 0) throw new Error(`${script}: ${done.stderr}`);
      return done.stdout;
    },
  };
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function sha256Of(path: string): string {
  return sha256(readFileSync(path));
}

/** Runs a program that must succeed. */
export function must(argv: readonly string[], options: { cwd?: string; input?: Uint8Array } = {}): Buffer {
  const [program = '', ...args] = argv;
  const done = spawnSync(program, args, { ...options, maxBuffer: 1 << 30 });
  if (done.status !== 0) throw new Error(`${argv.join(' ')}: ${String(done.stderr)} ${done.error?.message ?? ''}`);
  return done.stdout;
}
