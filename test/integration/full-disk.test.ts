/** A store on a disk without a free byte: what reads still reads, what removes removes, what adds says so and changes nothing. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { startFaultRegistry } from '../helpers/fault-registry.ts';
import { busyboxRootfs, tarOf } from '../helpers/images.ts';
import { makeLayer } from '../helpers/make-archive.ts';
import { madeImage } from '../helpers/make-image.ts';
import { reach, skiffBeside } from '../helpers/pull.ts';
import { requires } from '../helpers/requires.ts';
import type { World } from '../helpers/world.ts';
import { makeWorld, skiffBin } from '../helpers/world.ts';

interface Step { code: number; stdout: string; stderr: string; freeAfter: number }

/**
 * Runs the lines of a story on a disk of 96 MiB, whose mount ends with the story. `s` is skiff with its store there, `record WORDS` runs
 * `s WORDS` and records what came of it, `step WORDS` takes the last free byte before that.
 */
async function onSmallDisk(t: ExecutionContext, world: World, story: string): Promise<Step[]> {
  const out = join(world.dir, 'out');
  writeFileSync(join(world.dir, 'story'), `
set -e
mkdir -p '${world.dir}/disk' '${out}'
mount -t tmpfs -o size=96m none '${world.dir}/disk'
s() { '${skiffBin}' --root '${world.dir}/disk/store' "$@"; }
fill() { head -c 100000000 /dev/zero > "${world.dir}/disk/filler.$n" 2>/dev/null || true; }
n=100
step() { fill; record "$@"; }
record() {
  n=$((n + 1))
  code=0; s "$@" > '${out}'/$n.out 2> '${out}'/$n.err || code=$?
  echo "$code $(($(stat -f -c %f '${world.dir}/disk') * $(stat -f -c %S '${world.dir}/disk')))" > '${out}'/$n.code
}
${story}
for at in $(seq 101 $n); do echo "--- $(cat '${out}'/$at.code)"; cat '${out}'/$at.out; echo "--"; cat '${out}'/$at.err; done
`);
  const done = await skiffBeside(world, ['unshare', 'sh', join(world.dir, 'story')], {}, 480_000); // many commands
  t.is(done.code, 0, done.stderr);
  return done.stdout.split(/^--- /m).slice(1).map((text) => {
    const [head = '', rest = ''] = [text.slice(0, text.indexOf('\n')), text.slice(text.indexOf('\n') + 1)];
    const [stdout = '', stderr = ''] = rest.split(/^--$/m);
    return { code: Number(head.split(' ')[0]), freeAfter: Number(head.split(' ')[1]), stdout: stdout.trim(), stderr: stderr.trim() };
  });
}

function imageTar(world: World, name: string): string {
  const rootfs = busyboxRootfs(world);
  writeFileSync(join(rootfs, name), Buffer.alloc(2_000_000, name));
  return tarOf(rootfs);
}

test('a full disk: removing, untagging and pruning work with no free byte, and give back what they took away', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const [one, two, three] = ['one', 'two', 'three'].map((name) => imageTar(world, name));
  const steps = await onSmallDisk(t, world, `
    s import -q '${one}' one >/dev/null; s import -q '${two}' two >/dev/null; s import -q '${three}' three >/dev/null
    s tag one again; s tag one and-again
    s run --name ended --network none one echo said >/dev/null; s run -d --name live --network none one sleep 100000 >/dev/null
    step ps -a --format '{{.Names}}'; step images --format '{{.Repository}}'; step logs ended; step system df --format '{{.Type}}'
    step stop -t 0 live; step rm ended; step rm -f live
    step untag one again; step rmi and-again; step rmi two; step untag one; step image prune -f; step system prune -af
    step system check; step images -q`);
  t.deepEqual(steps.map(({ code, stderr }) => [code, stderr]), steps.map(() => [0, '']));
  const [ps, images, logs, , , , , , taken, removed, , pruned, all] = steps;
  t.deepEqual(ps?.stdout.split('\n').toSorted(), ['ended', 'live']);
  t.is(images?.stdout.split('\n').length, 5);
  t.is(logs?.stdout, 'said');
  t.is(taken?.stdout, 'Untagged: localhost/and-again:latest');
  t.regex(removed?.stdout ?? '', /^Untagged: localhost\/two:latest\nDeleted: [0-9a-f]{64}$/);
  t.true((removed?.freeAfter ?? 0) > 2_000_000);
  t.regex(pruned?.stdout ?? '', /^[0-9a-f]{64}$/);
  t.true((all?.freeAfter ?? 0) > 2_000_000);
  t.is(steps.at(-1)?.stdout, '');
});

test('a full disk: what adds says which operation had no room, with a remedy, and changes nothing', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const tar = imageTar(world, 'one');
  const steps = await onSmallDisk(t, world, `
    s import -q '${tar}' one >/dev/null
    step tag one again; step import '${tar}' other; step create --network none one true; step images --format '{{.Repository}}'; step ps -aq; step system check`);
  for (const { code, stderr } of steps.slice(0, 3)) {
    t.is(code, 125);
    t.regex(stderr, /^Error: \S.*: .*no space left on device\nhint: free some space/m);
    t.notRegex(stderr, /internal error|a bug in skiff/);
  }
  t.deepEqual(steps.slice(3).map(({ code, stdout }) => [code, stdout]), [[0, 'localhost/one'], [0, ''], [0, '']]);
});

const noise = (bytes: number): string => randomBytes(bytes / 2).toString('hex').slice(0, bytes);

test('a pull that does not fit is refused before its first byte, or stops while the reserve is free; it tells the remedy, and is in no other pull\'s way', async (t) => {
  if (!requires(t, 'userns')) return;
  const registry = await startFaultRegistry(t);
  const world = makeWorld(t);
  reach(world, registry);
  // In hex, which gzip halves: layers of 5 MB that unpack to 10 MB.
  registry.put('large', 'latest', madeImage(Array.from({ length: 8 }, () => makeLayer({ file: noise(10_000_000) }))));
  registry.put('grows', 'latest', madeImage(Array.from({ length: 4 }, () => makeLayer({ file: noise(10_000_000) }))));
  registry.put('small', 'latest', madeImage([makeLayer({ file: 'x' })]));
  const [large, grows, left, again, small] = await onSmallDisk(t, world, `
    record pull -q '${registry.domain}/large'
    record pull -q '${registry.domain}/grows'
    record system df --format '{{.Type}} {{.RawSize}}'
    record pull -q '${registry.domain}/grows'
    record pull -q '${registry.domain}/small'`);
  t.is(large?.code, 125);
  t.regex(large?.stderr ?? '', /^Error: pull \S+: the manifest claims 4\d(\.\d)?MB that are not here yet; \d+MB are free on the disk of the store, and 67\.1MB have to stay free\nhint: free some space/m);
  t.true((large?.freeAfter ?? 0) > 90_000_000);
  t.is(registry.count(/large\/blobs/), 1, 'the config');
  t.is(grows?.code, 125);
  t.regex(grows?.stderr ?? '', /: \d+(\.\d)?MB are free on the disk of the store, and 67\.1MB have to stay free\nhint: free some space: skiff system prune removes what unfinished pulls have left \(\S+MB\), skiff rmi images$/m);
  t.true((grows?.freeAfter ?? 0) > 60_000_000);
  t.regex(left?.stdout ?? '', /^Unfinished Pulls \d{7,}$/m);
  t.is(again?.code, 125);
  t.is(small?.code, 0, small?.stderr);
});

test('a full disk: a container whose output finds no room goes on, and logs and inspect say so until there is room again', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const steps = await onSmallDisk(t, world, `
    s import -q '${imageTar(world, 'one')}' one >/dev/null
    s run -d --name c --network none one sh -c 'echo first; trap : USR1; while :; do sleep 0.1; echo again; done' >/dev/null
    until s logs c | grep -q again; do sleep 0.1; done
    record logs --tail 1 c; record inspect --format '{{.State.Error}}' c
    fill
    until [ -n "$(s inspect --format '{{.State.Error}}' c)" ]; do fill; sleep 0.1; done
    record logs --tail 1 c; record inspect --format '{{.State.Error}}' c; record ps --format '{{.State}}'
    rm '${world.dir}'/disk/filler.*
    until [ -z "$(s inspect --format '{{.State.Error}}' c)" ]; do sleep 0.1; done
    record logs c
    s kill c; s wait c >/dev/null; record inspect --format '{{.State.Error}}{{gt .State.DroppedLogBytes 0}}' c`);
  const [before, fine, during, told, ps, after, ended] = steps;
  t.deepEqual([before, fine].map((step) => [step?.stdout, step?.stderr]), [['again', ''], ['', '']]);
  t.regex(during?.stderr ?? '', /^\S+ container "c": what it writes is not logged since \S+Z: No space left on device$/);
  t.regex(told?.stdout ?? '', /^what it writes is not logged since \S+Z: No space left on device$/);
  t.is(ps?.stdout, 'running');
  t.regex(after?.stderr ?? '', /^skiff: \d+ bytes of output were not logged: No space left on device$/);
  t.deepEqual([ended?.stdout, ended?.stderr], ['true', '']);
});
