/** A store on a disk without a free byte: what reads still reads, what removes removes, what adds says so and changes nothing. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { busyboxRootfs, tarOf } from '../helpers/images.ts';
import { requires } from '../helpers/requires.ts';
import type { World } from '../helpers/world.ts';
import { makeWorld, skiffBin } from '../helpers/world.ts';

interface Step { code: number; stdout: string; stderr: string; freeAfter: number }

/**
 * Runs the lines of a story on a small disk that is full to the last byte before each command; its mount ends with the story. `s` is skiff with
 * its store there, `fill` takes what is free, `step WORDS` fills, runs `s WORDS` and records what came of it.
 */
function onFullDisk(world: World, story: string): Step[] {
  const out = join(world.dir, 'out');
  writeFileSync(join(world.dir, 'story'), `
set -e
mkdir -p '${world.dir}/disk' '${out}'
mount -t tmpfs -o size=24m none '${world.dir}/disk'
s() { '${skiffBin}' --root '${world.dir}/disk/store' "$@"; }
fill() { head -c 30000000 /dev/zero > "${world.dir}/disk/filler.$n" 2>/dev/null || true; }
n=100
step() {
  n=$((n + 1)); fill
  code=0; s "$@" > '${out}'/$n.out 2> '${out}'/$n.err || code=$?
  echo "$code $(($(stat -f -c %f '${world.dir}/disk') * $(stat -f -c %S '${world.dir}/disk')))" > '${out}'/$n.code
}
${story}
for at in $(seq 101 $n); do echo "--- $(cat '${out}'/$at.code)"; cat '${out}'/$at.out; echo "--"; cat '${out}'/$at.err; done
`);
  const done = world.ok('unshare', 'sh', join(world.dir, 'story'));
  return done.split(/^--- /m).slice(1).map((text) => {
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

test('a full disk: removing, untagging and pruning work with no free byte, and give back what they took away', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const [one, two, three] = ['one', 'two', 'three'].map((name) => imageTar(world, name));
  const steps = onFullDisk(world, `
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

test('a full disk: what adds says which operation had no room, with a remedy, and changes nothing', (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  const tar = imageTar(world, 'one');
  const steps = onFullDisk(world, `
    s import -q '${tar}' one >/dev/null
    step tag one again; step import '${tar}' other; step create --network none one true; step images --format '{{.Repository}}'; step ps -aq; step system check`);
  for (const { code, stderr } of steps.slice(0, 3)) {
    t.is(code, 125);
    t.regex(stderr, /^Error: \S.*: .*no space left on device\nhint: free some space/m);
    t.notRegex(stderr, /internal error|a bug in skiff/);
  }
  t.deepEqual(steps.slice(3).map(({ code, stdout }) => [code, stdout]), [[0, 'localhost/one'], [0, ''], [0, '']]);
});
