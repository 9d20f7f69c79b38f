/**
 * `npm run bench`: skiff beside Podman (where it is installed), in one run, on the same image, runtime and network mode, by
 * hyperfine; and beside the floor: `node -e 0`, bare `crun run`. Prints medians and ratios. Never a test: nothing fails for
 * being slow.
 *
 * As root it goes on as the test user in a pure cgroup v2 subtree of a private mount namespace, so that Podman works too on
 * a hybrid machine, with a runtime folder in memory, as systemd makes it. SKIFF_BENCH_RUNS sets the number of runs (30); the word "containers" leaves images out.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { projectRoot, skiffBin } from '../helpers/world.ts';
import { benchContainers } from './containers.ts';
import { benchImages } from './images.ts';
import { ms, openBench } from './measure.ts';

const runs = Number(process.env['SKIFF_BENCH_RUNS'] ?? 30);
const out = process.stdout;
const testUser = 'skiff-test';

if (process.getuid?.() === 0 && process.env['SKIFF_BENCH_AS_ROOT'] === undefined) {
  const script = join(projectRoot(), 'test', 'helpers', 'with-cgroup2.sh');
  const id = spawnSync('id', ['-u', testUser], { encoding: 'utf8' });
  if (id.status !== 0) throw new Error(`no user ${testUser}: run \`npm test\` once, it makes one`);
  const uid = id.stdout.trim();
  const runtime = `/run/user/${uid}`;
  const env = { HOME: `/home/${testUser}`, XDG_RUNTIME_DIR: runtime, USER: testUser, LOGNAME: testUser, PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LANG: 'C.UTF-8', SKIFF_BENCH_RUNS: String(runs) };
  const inMemory = `mkdir -p "$0" && mount -t tmpfs -o mode=0700,uid=${uid} skiff-bench "$0" && exec "$@"`;
  const done = spawnSync('unshare', ['-m', '--propagation', 'slave', 'sh', '-c', inMemory, runtime, script, testUser, process.execPath, ...process.argv.slice(1)], { stdio: 'inherit', env });
  process.exit(done.status ?? 1);
}

const bench = openBench(runs, (text) => { process.stderr.write(text); });
const part = process.argv[2];
const floor = await benchContainers(bench);
if (part !== 'containers') await benchImages(bench);

const podmanVersion = bench.podman === undefined ? 'no podman' : bench.sh(['podman', '--version']);
out.write(`\n\nkernel ${release()}, ${cpus().length} cores, node ${process.version}, ${bench.sh(['crun', '--version']).split('\n')[0]}, ${podmanVersion}; medians of ${runs} runs\n`);
out.write(`floor: node -e 0 ${ms(floor.node)}, crun run ${ms(floor.crun)}\n\n`);
const header = ['case', 'skiff', 'podman', 'ratio', 'over the floor'];
const widths = header.map((name, column) => Math.max(name.length, ...bench.rows.map((cells) => cells[column]?.length ?? 0)));
for (const cells of [header, widths.map((width) => '-'.repeat(width)), ...bench.rows]) out.write(`| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`);
out.write(`\n${bench.remarks.join('\n')}\n`);

if (bench.podman !== undefined) spawnSync('podman', ['unshare', 'rm', '-rf', join(bench.dir, 'home')], { env: bench.env });
spawnSync(skiffBin, ['unshare', 'rm', '-rf', bench.dir], { env: bench.env });
rmSync(bench.runtime, { recursive: true, force: true });
