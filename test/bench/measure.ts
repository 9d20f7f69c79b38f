/** What a benchmark has: a place of its own, programs to run in it, hyperfine, and the table of results. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { skiffBin } from '../helpers/world.ts';

export interface TimeOptions {
  /** Run before each run of the command at the same place. */
  prepare?: readonly string[];
  runs?: number;
  /** Runs that don't count, before those that do; by default 1 where something is prepared, else 3. */
  warmup?: number;
  /** In skiff's user namespace. */
  inside?: boolean;
}

/** What a case is held against, beside the peer: programs that it could not do without. */
export type Floor = readonly { readonly command: string; readonly inside?: boolean }[];

/** A machine has better and worse moments: what is compared is measured in turns, this many. */
const rounds = 5;

export interface Bench {
  readonly dir: string;
  /** Runtime folder of both. */
  readonly runtime: string;
  readonly env: Record<string, string>;
  /** Podman with the options that make it comparable; undefined where it is missing or does not work here. */
  podman: string | undefined;
  /** Runs a program to its end, returns its trimmed stdout. @throws where it fails */
  sh(argv: readonly string[], input?: string): string;
  has(program: string): boolean;
  /** Median seconds of each command, by hyperfine. */
  time(commands: readonly string[], options?: TimeOptions): number[];
  /** A line of the table; seconds. */
  row(name: string, ours: number, peer: number | undefined, floor?: number): void;
  /** Ours, Podman's where it is there, and the floor, in turns. */
  pair(name: string, ours: string, peer: string | undefined, options?: TimeOptions, floor?: Floor): void;
  readonly rows: readonly (readonly string[])[];
  /** Lines below the table. */
  readonly remarks: string[];
}

export const ms = (seconds: number | undefined): string => (seconds === undefined ? '-' : `${(seconds * 1000).toFixed(1)} ms`);

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? 0) + (sorted[Math.floor(half)] ?? 0)) / 2;
}

export function openBench(runs: number, tell: (text: string) => void): Bench {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-bench-'));
  const runtime = mkdtempSync(join(process.env['XDG_RUNTIME_DIR'] ?? dir, 'skiff-bench-'));
  const env: Record<string, string> = {
    HOME: join(dir, 'home'), XDG_RUNTIME_DIR: runtime, PATH: process.env['PATH'] ?? '/usr/bin:/bin', USER: process.env['USER'] ?? '', LANG: 'C.UTF-8',
  };
  mkdirSync(join(dir, 'home'));
  const rows: string[][] = [];
  /** Seconds of each run of each command. */
  const measure = (commands: readonly string[], options: TimeOptions): number[][] => {
    const report = join(dir, 'report.json');
    const prepare = (options.prepare ?? []).flatMap((command) => ['--prepare', command]);
    const hyperfine = ['hyperfine', '-N', '--warmup', String(options.warmup ?? (options.prepare === undefined ? 3 : 1)), '--runs', String(Math.max(2, options.runs ?? runs)), '--export-json', report, ...prepare, ...commands];
    bench.sh(options.inside === true ? [skiffBin, 'unshare', ...hyperfine] : hyperfine);
    return (JSON.parse(readFileSync(report, 'utf8')) as { results: { times: number[] }[] }).results.map(({ times }) => times);
  };
  const bench: Bench = {
    dir, runtime, env, rows, remarks: [], podman: undefined,
    sh(argv, input = '') {
      const done = spawnSync(argv[0] ?? '', argv.slice(1), { env, input, encoding: 'utf8', maxBuffer: 1 << 28 });
      if (done.status !== 0) throw new Error(`${argv.join(' ')}: ${done.stderr || done.error?.message}`);
      return done.stdout.trim();
    },
    has: (program) => spawnSync('sh', ['-c', `command -v ${program}`], { env }).status === 0,
    time: (commands, options = {}) => measure(commands, options).map(median),
    row(name, ours, peer, floor) {
      const cells = [name, ms(ours), ms(peer), peer === undefined ? '-' : (ours / peer).toFixed(2), floor === undefined ? '-' : `${ours < floor ? '-' : '+'}${(Math.abs(ours - floor) * 1000).toFixed(1)} ms`];
      rows.push(cells);
      tell(`${cells.join('  ')}\n`);
    },
    pair(name, ours, peer, options = {}, floor = []) {
      const commands = peer === undefined || bench.podman === undefined ? [ours] : [ours, `${bench.podman} ${peer}`];
      // What takes seconds, or needs something before each run, is measured in one go.
      const turns = options.prepare === undefined && options.runs === undefined ? rounds : 1;
      const each = { ...options, ...(options.prepare !== undefined && { prepare: options.prepare.slice(0, commands.length) }), ...(turns > 1 && { runs: Math.ceil(runs / turns), warmup: 1 }) };
      const times: number[][] = [...commands, ...floor].map(() => []);
      const add = (at: number, more: readonly number[] = []): void => { times[at]?.push(...more); };
      for (let turn = 0; turn < turns; turn++) {
        measure(commands, each).forEach((more, at) => add(at, more));
        floor.forEach(({ command, inside = false }, at) => add(commands.length + at, measure([command], { ...each, inside })[0]));
      }
      const medians = times.map(median);
      const below = medians.slice(commands.length).reduce((sum, one) => sum + one, 0);
      bench.row(name, medians[0] ?? 0, commands.length > 1 ? medians[1] : undefined, floor.length === 0 ? undefined : below);
    },
  };
  return bench;
}
