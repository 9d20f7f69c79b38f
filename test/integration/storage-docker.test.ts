/** A real rootless dockerd puts the layers together again that archives of odd makes became: its judgement on our tar-split data. */
import { join } from 'node:path';
import test from 'ava';
import { dockerPrograms, withDockerd } from '../helpers/dockerd.ts';
import { end, member, paxMember, rawHeader } from '../helpers/make-tar.ts';
import { sha256, sha256Of, storageWorld } from '../helpers/storage.ts';
import { skiffBin } from '../helpers/world.ts';

const programs = dockerPrograms();
const judged = 'dir' in programs ? test : test.skip;
const dir = 'dir' in programs ? programs.dir : '';

judged('dockerd on a copy of the store saves layers of every make with our diffIDs', (t) => {
  const world = storageWorld(t);
  world.inside(`
    mkdir -p tree/d; cd tree; echo x > d/f; ln d/f d/g; ln -s f d/l; printf y > "$(printf 'n%.0s' $(seq 150))"; printf z > "$(printf 'caf\\351')"; printf z > "$(printf 'caf\\352')"
    echo q > 'quote"<&>'; truncate -s 3M sparse; echo end >> sparse; touch -d '2001-02-03 04:05:06.123456789' d/f; cd ..
    tar --format=gnu -cf gnu.tar -C tree .; tar --format=posix -cf pax.tar -C tree .
    tar --format=gnu -S -cf gnu-sparse.tar -C tree .; tar --format=posix -S -cf pax-sparse.tar -C tree .`);
  const made: Record<string, Buffer> = {
    'twice.tar': Buffer.concat([member({ name: 'a' }, 'first'), member({ name: './a' }, 'second!'), member({ name: 'd/', type: '5' }), member({ name: 'd/', type: '5' }), end]),
    'replaced.tar': Buffer.concat([member({ name: 'd/x' }, 'in'), member({ name: 'd' }, 'now a file'), member({ name: 'l', type: '2', linkName: 'd' }), member({ name: 'l' }, 'file'), end]),
    'through-link.tar': Buffer.concat([member({ name: 'one/', type: '5', mode: 0o755 }), member({ name: 'l', type: '2', linkName: '/one' }), member({ name: 'l/f' }, 'through'), end]),
    'whiteouts.tar': Buffer.concat([member({ name: '.wh.gone' }, 'body'), member({ name: '.wh.gone' }), member({ name: 'd/.wh..wh..opq' }), end]),
    'global.tar': Buffer.concat([paxMember('g', { comment: 'one' }), member({ name: 'a' }, 'x'), paxMember('g', { comment: 'two' }), member({ name: 'b' }, 'x'), end]),
    'devices.tar': Buffer.concat([rawHeader({ name: 'null', type: '3' }), rawHeader({ name: 'null', type: '3' }), member({ name: 'a' }, 'x'), end]),
    'no-end.tar': member({ name: 'a' }, 'x'),
    'garbage.tar': Buffer.concat([member({ name: 'a' }, 'x'), end, Buffer.alloc(2_500_000, 0x41)]),
    'linked.tar': Buffer.concat([member({ name: 'a' }, 'hello'), rawHeader({ name: 'b', type: '1', linkName: 'a', size: 5 }), end]),
  };
  const wanted = new Map<string, string>();
  for (const [name, bytes] of Object.entries(made)) {
    wanted.set(name, sha256(bytes));
    world.file(name, bytes);
  }
  for (const name of ['gnu.tar', 'pax.tar', 'gnu-sparse.tar', 'pax-sparse.tar']) wanted.set(name, sha256Of(join(world.home, name)));
  for (const name of wanted.keys()) world.ok('import', '-q', join(world.home, name), `localhost/${name.replace('.tar', '')}:1`);

  const copy = join(world.home, 'copy');
  t.is(world.run([skiffBin, 'unshare', 'cp', '-a', world.root, copy]).code, 0);
  const seen = withDockerd(world, dir, copy, [...wanted.keys()].map((name) => {
    const image = `localhost/${name.replace('.tar', '')}:1`;
    return `echo "${name} sha256:$(docker save ${image} | tar -xO --wildcards '*/layer.tar' | sha256sum | cut -d' ' -f1)"`;
  }).join('\n'));
  t.is(seen.code, 0, seen.stderr);
  t.deepEqual(seen.stdout.trim().split('\n').toSorted(), [...wanted].map(([name, digest]) => `${name} ${digest}`).toSorted(), seen.stderr);
});
