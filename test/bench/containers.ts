/** Containers: starting, entering, listing; and what stays in memory beside one. */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cgroupOf } from '../../src/host/cgroup/own.ts';
import { skiffBin } from '../helpers/world.ts';
import type { Bench } from './measure.ts';

/** Private memory (clean + dirty) in KiB of the living process whose command line matches. */
function privateMemory(match: RegExp): number | undefined {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!match.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '))) continue;
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      return [...rollup.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+)/gm)].reduce((sum, found) => sum + Number(found[1]), 0);
    } catch {
      // Ended between readdir and read, or not ours to look at.
    }
  }
  return undefined;
}
export interface Floor { node: number; crun: number }

/** Finds out, too, whether Podman works here. */
export async function benchContainers(bench: Bench): Promise<Floor> {
  const { dir, env, sh, has, time, row, pair, remarks } = bench;
  // What both run: one busybox image made here.
  const rootfs = join(dir, 'rootfs');
  mkdirSync(join(rootfs, 'bin'), { recursive: true });
  for (const folder of ['etc', 'tmp', 'proc', 'sys', 'dev']) mkdirSync(join(rootfs, folder));
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path)) ?? '/bin/busybox';
  sh(['cp', busybox, join(rootfs, 'bin/busybox')]);
  for (const applet of ['sh', 'true', 'sleep', 'cat']) sh(['ln', '-s', 'busybox', join(rootfs, 'bin', applet)]);
  const tar = join(dir, 'image.tar');
  sh(['tar', '--owner=0', '--group=0', '-C', rootfs, '-cf', tar, '.']);
  const image = 'localhost/bench:latest';
  sh([skiffBin, 'import', tar, image]);

  if (has('podman')) {
    const p = 'podman --runtime crun --cgroup-manager cgroupfs --events-backend none';
    try {
      sh([...p.split(' '), 'import', tar, image]);
      sh([...p.split(' '), 'run', '--rm', '--network', 'none', image, 'true']);
      bench.podman = p;
    } catch (error) {
      remarks.push(`podman does not work here, measured without it: ${(error as Error).message}`);
    }
  }
  const s = skiffBin;
  const { podman } = bench;

  // The floor.
  const bundle = join(dir, 'bundle');
  mkdirSync(bundle);
  sh(['crun', 'spec', '--bundle', bundle]);
  const config = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8')) as { process: { args: string[]; terminal: boolean }; root: { path: string }; linux: { cgroupsPath?: string } };
  config.process.args = ['true'];
  config.process.terminal = false;
  config.root.path = rootfs;
  // The container of the floor has a control group where the others have one: the kernel takes milliseconds for that.
  const manager = sh([s, 'info', '--format', '{{.Host.CgroupManager}}']);
  if (manager === 'cgroupfs') config.linux.cgroupsPath = join(dirname(cgroupOf('self') ?? '/'), 'skiff-bench');
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  const node = { command: 'node -e 0' };
  const crun = { command: `crun --cgroup-manager ${manager} run --bundle ${bundle} bench`, inside: true };
  const [nodeFloor = 0] = time([node.command]);
  const [crunFloor = 0] = time([crun.command], { inside: true });

  pair('run --rm --network none IMAGE true', `${s} run --rm --network none ${image} true`, `run --rm --network none ${image} true`, {}, [node, crun]);
  // Podman learnt pasta in 4.4: an older one is measured with slirp4netns only.
  const podmanPasta = podman !== undefined && !/ version (?:[0-3]\.|4\.[0-3]\.)/.test(sh(['podman', '--version']));
  pair('run --rm --network pasta IMAGE true', `${s} run --rm --network pasta ${image} true`, podmanPasta ? `run --rm --network pasta ${image} true` : undefined, {}, [node, crun]);
  if (has('slirp4netns')) pair('run --rm --network slirp4netns IMAGE true', `${s} run --rm --network slirp4netns ${image} true`, `run --rm --network slirp4netns ${image} true`, {}, [node, crun]);
  const detach = (program: string): string => {
    const script = join(dir, `detach-${program.replaceAll(/\W/g, '').slice(0, 20)}`);
    writeFileSync(script, `#!/bin/sh\nid=$(${program} run -d --network none ${image} sleep 1000) && ${program} rm -f -t 0 "$id" >/dev/null\n`);
    chmodSync(script, 0o755);
    return script;
  };
  {
    const [mine = 0, theirs] = time([detach(s), ...(podman === undefined ? [] : [detach(podman)])]);
    row('run -d + rm -f', mine, theirs);
  }

  // exec and memory, in running containers.
  sh([s, 'run', '-d', '--name', 'bench-exec', '--network', 'none', image, 'sleep', '100000']);
  if (podman !== undefined) sh([...podman.split(' '), 'run', '-d', '--name', 'bench-exec', '--network', 'none', image, 'sleep', '100000']);
  pair('exec CONTAINER true', `${s} exec bench-exec true`, 'exec bench-exec true');

  remarks.push(`private memory of the monitor: skiff ${privateMemory(/^\S*skiff-monitor .*--id/) ?? '-'} KiB, podman's conmon ${privateMemory(/^\S*conmon .*bench-exec/) ?? '-'} KiB`);
  {
    const attached: ChildProcess[] = [spawn(s, ['run', '--rm', '--network', 'none', image, 'sh', '-c', 'echo up; sleep 10000'], { env, stdio: ['ignore', 'pipe', 'ignore'] })];
    await new Promise((resolve) => attached[0]?.stdout?.once('data', resolve));
    let peer: number | undefined;
    if (podman !== undefined) {
      const [program = '', ...args] = podman.split(' ');
      const child = spawn(program, [...args, 'run', '--rm', '--network', 'none', '--name', 'bench-attached', image, 'sh', '-c', 'echo up; sleep 10000'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
      attached.push(child);
      await new Promise((resolve) => child.stdout?.once('data', resolve));
      peer = privateMemory(/^\S*podman .*bench-attached/);
    }
    remarks.push(`private memory of an attached run: skiff ${privateMemory(/^\S*skiff-attach /) ?? '-'} KiB, podman ${peer ?? '-'} KiB`);
    sh([s, 'rm', '-f', '-a', '-t', '0']);
    if (podman !== undefined) sh([...podman.split(' '), 'rm', '-f', '-a', '-t', '0']);
    for (const child of attached) child.kill('SIGKILL');
  }

  pair('ps, 0 containers', `${s} ps -a`, 'ps -a', {}, [node]);
  for (let n = 0; n < 200; n++) {
    sh([s, 'create', '--network', 'none', image, 'true']);
    if (podman !== undefined) sh([...podman.split(' '), 'create', '--network', 'none', image, 'true']);
  }
  pair('ps, 200 containers', `${s} ps -a`, 'ps -a', {}, [node]);
  sh([s, 'rm', '-a']);
  if (podman !== undefined) sh([...podman.split(' '), 'rm', '-a']);
  pair('images', `${s} images`, 'images', {}, [node]);
  pair('--version', `${s} --version`, '--version', {}, [node]);
  pair('--help', `${s} --help`, '--help', {}, [node]);
  return { node: nodeFloor, crun: crunFloor };
}
