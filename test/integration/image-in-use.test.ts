/** What a command uses is not taken away under it: `create` and `run` against `rmi` at the same moment. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { auditStore } from '../helpers/audit.ts';
import { importBusybox } from '../helpers/images.ts';
import { requires } from '../helpers/requires.ts';
import { makeWorld, skiffBin } from '../helpers/world.ts';

test('rmi that comes while create stands between its layer and its record waits for the record, and is refused', async (t) => {
  if (!requires(t, 'userns', 'strace')) return;
  const world = makeWorld(t);
  const id = importBusybox(world, 'base');
  // The rename of config.v2.json is the moment at which a container exists. Two seconds are put before it.
  // Inside of the user namespace already, because no set-uid program can run under strace.
  const slow = world.skiff(['unshare', 'sh', '-c', [
    `strace -f -qq -o /dev/null -e trace=rename,renameat,renameat2 -e inject=rename,renameat,renameat2:delay_enter=2000000 ${skiffBin} create --network none --name slow base true & `,
    `until ls ${world.root}/overlay2/*-init/committed >/dev/null 2>&1; do sleep 0.01; done; `,
    `${skiffBin} rmi base; echo "rmi $?"; wait $!; echo "create $?"`,
  ].join('')]);
  t.regex(slow.stdout, /^rmi 2$/m, slow.stderr + slow.stdout);
  t.regex(slow.stdout, /^create 0$/m, slow.stderr);
  t.regex(slow.stderr, /image is in use by a container/);
  t.is(world.ok('ps', '-a', '--format', '{{.Names}} {{.Image}}'), 'slow localhost/base:latest');
  t.is(world.ok('images', '-q', '--no-trunc'), id);
  world.ok('start', '-a', 'slow');
  t.deepEqual(auditStore(world), []);
});

test('rmi and create in pairs: a container has its image, or there is neither', async (t) => {
  if (!requires(t, 'userns')) return;
  const world = makeWorld(t);
  importBusybox(world, 'keep');
  for (let round = 0; round < 12; round++) {
    world.ok('tag', 'keep', 'other');
    const copy = world.ok('commit', '-q', world.ok('create', '--network', 'none', 'keep', 'true'), `pair${round}`);
    const creating = world.start(['create', '--pull=never', '--network', 'none', `pair${round}`, 'true']);
    const removing = world.start(['rmi', `pair${round}`]);
    const [created, removed] = [(await creating.exit).code, (await removing.exit).code];
    const image = existsSync(join(world.root, 'image/overlay2/imagedb/content/sha256', copy.replace('sha256:', '')));
    if (created === 0) t.true(image, `round ${round}: the container lost its image`);
    else t.regex(creating.stderr(), /image not known/);
    t.is(removed, created === 0 && image ? 2 : 0, `round ${round}: ${removing.stderr()}`);
  }
  for (const id of readdirSync(join(world.root, 'containers'))) {
    const record = JSON.parse(readFileSync(join(world.root, 'containers', id, 'config.v2.json'), 'utf8')) as { Image: string };
    t.true(existsSync(join(world.root, 'image/overlay2/imagedb/content/sha256', record.Image.replace('sha256:', ''))));
  }
  t.deepEqual(auditStore(world), []);
});
