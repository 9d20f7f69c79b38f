import { join } from 'node:path';
import test from 'ava';
import { requires } from '../helpers/requires.ts';
import { openTerminal } from '../helpers/terminal.ts';
import { makeWorld, skiffBin } from '../helpers/world.ts';

test("a Debian root file system from mmdebstrap: imported, a shell in it, apt's own user switching, digests kept", async (t) => {
  if (!requires(t, 'userns', 'mmdebstrap')) return;
  const world = makeWorld(t);
  const made = world.run(['bash', '-c', `set -o pipefail; mmdebstrap --variant=minbase bookworm - | ${skiffBin} import - debian:bookworm`], { timeoutMs: 400_000 });
  t.is(made.code, 0, made.stderr);

  t.is(world.ok('run', '--rm', '--network', 'none', 'debian:bookworm', 'sh', '-c', '. /etc/os-release; echo $VERSION_CODENAME'), 'bookworm');
  // Many uids: files of other owners survive, su to several users works, setuid programs work.
  t.is(world.ok('run', '--rm', '--network', 'none', 'debian:bookworm', 'stat', '-c', '%U:%G %a', '/var/mail'), 'root:mail 2775');
  t.is(world.ok('run', '--rm', '--network', 'none', 'debian:bookworm', 'su', '-s', '/bin/sh', 'www-data', '-c', 'id -un; touch /tmp/mine; stat -c %U /tmp/mine'), 'www-data\nwww-data');
  t.is(world.ok('run', '--rm', '--network', 'none', '-u', 'nobody', 'debian:bookworm', 'id', '-un'), 'nobody');

  // apt drops to _apt for its methods: a local repository is enough to see it do so.
  const apt = world.skiff(['run', '--rm', '--network', 'none', 'debian:bookworm', 'sh', '-ec', `
    mkdir -p /srv/repo/pool && cd /srv/repo
    mkdir -p /tmp/p/DEBIAN /tmp/p/usr/share/greeting && echo hello > /tmp/p/usr/share/greeting/text
    printf 'Package: greeting\\nVersion: 1\\nArchitecture: all\\nMaintainer: T <t@example.org>\\nDescription: greets\\n' > /tmp/p/DEBIAN/control
    dpkg-deb -b /tmp/p pool/greeting.deb >/dev/null
    printf 'Package: greeting\\nVersion: 1\\nArchitecture: all\\nMaintainer: T <t@example.org>\\nFilename: pool/greeting.deb\\nSize: %s\\nSHA256: %s\\nDescription: greets\\n\\n' "$(stat -c %s pool/greeting.deb)" "$(sha256sum pool/greeting.deb | cut -d' ' -f1)" > Packages
    rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
    echo 'deb [trusted=yes] copy:/srv/repo ./' > /etc/apt/sources.list
    chmod 755 /srv/repo /srv/repo/pool
    apt-get update
    apt-get install -y greeting
    cat /usr/share/greeting/text
    stat -c 'partial %U' /var/lib/apt/lists/partial`], { timeoutMs: 120_000 });
  t.is(apt.code, 0, apt.stderr + apt.stdout);
  t.regex(apt.stdout, /^hello$/m);
  t.regex(apt.stdout, /^partial _apt$/m);
  t.notRegex(apt.stderr, /unsandboxed|setgroups|seteuid|Operation not permitted/);

  const terminal = openTerminal(t, world, ['run', '-it', '--rm', '--network', 'none', 'debian:bookworm', 'bash']);
  await terminal.expect(/root@[0-9a-f]{12}:\/#/);
  terminal.type('tty; stty size; exit 7\r');
  await terminal.expect(/\/dev\/pts\/0\r\n24 80/);
  t.is((await terminal.exit).exitCode, 7);

  const first = join(world.dir, 'first.tar');
  const id = world.ok('image', 'inspect', '--format', '{{.Id}}', 'debian:bookworm');
  world.ok('save', '-q', '-o', first, 'debian:bookworm');
  world.ok('rmi', 'debian:bookworm');
  world.ok('load', '-q', '-i', first);
  t.is(world.ok('image', 'inspect', '--format', '{{.Id}}', 'debian:bookworm'), id);
});
