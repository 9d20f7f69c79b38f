/**
 * Images: loading, pulling and pushing 300 MB in 20,000 files and six layers, from and to a registry on loopback; and listing many.
 * skopeo stands beside Podman where it does the same: it unpacks nothing on a pull into a folder.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, copyFileSync, createReadStream, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { peakOf } from '../helpers/memory.ts';
import { registryProgram, startRegistry } from '../helpers/registry.ts';
import { skiffBin } from '../helpers/world.ts';
import { ms, type Bench } from './measure.ts';

const layerCount = 6;
const fileCount = 20_000;
const imageBytes = 300_000_000;
/** Few files of an image are larger. */
const largeBytes = 400_000;
const big = 'localhost/big:latest';

export async function benchImages(bench: Bench): Promise<void> {
  const archive = await bigArchive(bench);
  const { podman } = bench;
  const clean = (program: string): string => `${program} rmi -f ${big}`;
  bench.sh([skiffBin, 'load', '-q', '-i', archive]);
  if (podman !== undefined) bench.sh([...podman.split(' '), 'load', '-q', '-i', archive]);
  bench.pair('load, 300 MB in 20,000 files', `${skiffBin} load -q -i ${archive}`, `load -q -i ${archive}`, { prepare: [clean(skiffBin), ...(podman === undefined ? [] : [clean(podman)])], runs: 5 });
  await benchRegistry(bench);
  benchManyImages(bench);
}

async function benchRegistry(bench: Bench): Promise<void> {
  const program = registryProgram();
  if ('missing' in program) {
    bench.remarks.push(`no registry, so pull and push were not measured: ${program.missing}`);
    return;
  }
  const ends: (() => unknown)[] = [];
  const storage = join(bench.dir, 'registry');
  const registry = await startRegistry({ teardown: (end: () => unknown) => { ends.push(end); } }, { storage });
  try {
    const insecure = '--tls-verify=false';
    const { podman } = bench;
    const remote = (tag: string): string => `${registry.domain}/big:${tag}`;
    bench.sh([skiffBin, 'push', '-q', insecure, '--compression-format', 'gzip', big, remote('gzip')]);
    bench.sh([skiffBin, 'push', '-q', insecure, '--compression-format', 'zstd', '--force-compression', big, remote('zstd')]);
    for (const tag of ['gzip', 'zstd']) {
      const [mine = 0, theirs] = bench.time([skiffBin, ...(podman === undefined ? [] : [podman])].map((program) => intoEmptyStore(bench, program, `pull -q ${insecure} ${remote(tag)}`)), { runs: 5, warmup: 1 });
      bench.row(`pull, ${tag}`, mine, theirs);
    }
    if (bench.has('skopeo')) {
      const copy = join(bench.dir, 'copy');
      const [seconds] = bench.time([`skopeo copy -q --src-tls-verify=false docker://${remote('gzip')} dir:${copy}`], { prepare: [`rm -rf ${copy}`], runs: 5 });
      bench.remarks.push(`skopeo copies the gzip image into a folder, packed as it is, in ${ms(seconds)}`);
    }
    bench.sh([skiffBin, 'pull', '-q', insecure, remote('gzip')]);
    bench.pair('pull again, all there', `${skiffBin} pull -q ${insecure} ${remote('gzip')}`, `pull -q ${insecure} ${remote('gzip')}`);
    await pullMemory(bench, ['pull', '-q', insecure, remote('gzip')]);
    // Loaded anew, so that neither knows digests from the pull; the registry is emptied before each run.
    for (const program of [skiffBin, ...(podman === undefined ? [] : [podman])]) bench.sh([...program.split(' '), 'load', '-q', '-i', join(bench.dir, 'big-image.tar')]);
    const empty = `sh -c 'rm -rf ${storage}/docker'`;
    bench.pair('push', `${skiffBin} push -q ${insecure} ${big} ${remote('pushed')}`, `push -q ${insecure} ${big} ${remote('pushed')}`, { prepare: [empty, empty], runs: 5 });
  } finally {
    for (const end of ends) await end();
  }
}

/**
 * A store of its own for each run. Emptying one just before would be part of what is measured: ext4 without a journal passes over the
 * inodes of files that were deleted in the last minute, one by one, for each file it makes.
 */
function intoEmptyStore(bench: Bench, program: string, verb: string): string {
  return `sh -c 'exec ${program} --root ${storesOf(bench)}/$$ ${verb}'`;
}

/** Where the bench removes stores from, whoever made them. */
function storesOf(bench: Bench): string {
  const stores = join(bench.dir, 'home', 'stores');
  mkdirSync(stores, { recursive: true });
  return stores;
}

/** The most memory that a pull and its workers had together. */
async function pullMemory(bench: Bench, verb: readonly string[]): Promise<void> {
  const peak = await peakOf(spawn(skiffBin, ['--root', join(storesOf(bench), 'memory'), ...verb], { env: bench.env, stdio: 'ignore' }));
  bench.remarks.push(`memory of the whole pull, workers included: ${(peak.bytes / 2 ** 20).toFixed(0)} MiB`);
}

/** 500 images of one layer, in a store of their own. */
function benchManyImages(bench: Bench): void {
  const dir = join(bench.dir, 'many');
  mkdirSync(dir);
  const layer = join(dir, 'layer.tar');
  writeFileSync(layer, Buffer.alloc(10_240));
  const diffID = `sha256:${createHash('sha256').update(readFileSync(layer)).digest('hex')}`;
  const manifest = Array.from({ length: 500 }, (_, at) => {
    writeFileSync(join(dir, `${at}.json`), imageConfig([diffID], String(at)));
    return { Config: `${at}.json`, RepoTags: [`localhost/many/${at}:latest`], Layers: ['layer.tar'] };
  });
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(manifest));
  const tar = join(bench.dir, 'many.tar');
  bench.sh(['tar', '-C', dir, '-cf', tar, '.']);
  const root = join(bench.dir, 'many-store');
  bench.sh([skiffBin, '--root', root, 'load', '-q', '-i', tar]);
  // Without the peer: Podman 4.3 takes half a minute for each listing, and minutes to load them.
  bench.pair('images, 500 of them', `${skiffBin} --root ${root} images`, undefined, {}, [{ command: 'node -e 0' }]);
}

function imageConfig(diffIDs: readonly string[], label: string): string {
  return JSON.stringify({ architecture: process.arch === 'x64' ? 'amd64' : process.arch, os: 'linux', config: { Cmd: ['true'], Labels: { label } }, rootfs: { type: 'layers', diff_ids: diffIDs }, history: diffIDs.map(() => ({ created_by: 'bench' })) });
}

/**
 * A docker-archive of the large image. Its files are the machine's own, from /usr: programs, libraries and texts as images have them. Made-up
 * ones pack like nothing that anybody pushes, and compressors are built for what people have.
 */
async function bigArchive(bench: Bench): Promise<string> {
  const dir = join(bench.dir, 'big');
  mkdirSync(dir);
  const files = realFiles();
  const diffIDs: string[] = [];
  const layers: string[] = [];
  for (let layer = 0; layer < layerCount; layer++) {
    const tree = join(bench.dir, 'tree');
    files.forEach((file, at) => {
      if (at % layerCount !== layer) return;
      const folder = join(tree, `layer${layer}`, String(Math.floor(at / layerCount) % 50));
      mkdirSync(folder, { recursive: true });
      copyFileSync(file, join(folder, String(at)));
    });
    const tar = join(dir, `${layer}.tar`);
    bench.sh(['tar', '--owner=0', '--group=0', '-C', tree, '-cf', tar, '.']);
    rmSync(tree, { recursive: true });
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(tar)) hash.update(chunk as Buffer);
    diffIDs.push(`sha256:${hash.digest('hex')}`);
    layers.push(`${layer}.tar`);
  }
  writeFileSync(join(dir, 'config.json'), imageConfig(diffIDs, 'big'));
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify([{ Config: 'config.json', RepoTags: [big], Layers: layers }]));
  const archive = join(bench.dir, 'big-image.tar');
  bench.sh(['tar', '-C', dir, '-cf', archive, ...readdirSync(dir)]);
  rmSync(dir, { recursive: true });
  bench.remarks.push(`the large image: ${(statSync(archive).size / 1e6).toFixed(0)} MB in ${files.length} files of /usr and ${layerCount} layers`);
  return archive;
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false; // what only root may read
  }
}

/** As many files as the image has, small ones of all kinds, then large ones until it has its size. Where the machine has too few they come again. */
function realFiles(): string[] {
  const found: { path: string; bytes: number }[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && isReadable(path)) walk(path);
      else if (entry.isFile() && isReadable(path)) found.push({ path, bytes: statSync(path).size });
    }
  };
  walk('/usr');
  const small = found.filter(({ bytes }) => bytes > 0 && bytes < largeBytes);
  const chosen = Array.from({ length: fileCount }, (_, at) => small[small.length < fileCount ? at % small.length : Math.floor((at * small.length) / fileCount)] as { path: string; bytes: number });
  let left = imageBytes - chosen.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const file of found.filter(({ bytes }) => bytes >= largeBytes && bytes < 20 * largeBytes)) {
    if (left <= 0) break;
    chosen.push(file);
    left -= file.bytes;
  }
  return chosen.map(({ path }) => path);
}
