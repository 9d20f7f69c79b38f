/** What tests of pulls need: a world that reaches a test registry, and a pull beside which the registry goes on answering. */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deadlineMs } from './deadline.ts';
import { sha256 } from './make-archive.ts';
import type { MadeImage } from './make-image.ts';
import type { World } from './world.ts';

/** Makes the registry one that the world's user reaches: plain HTTP by registries.conf, TLS by certs.d. */
export function reach(world: World, registry: { domain: string; url: string; files?: { ca: string } | undefined; ca?: string | undefined }): void {
  const folder = join(world.home, '.config', 'containers');
  mkdirSync(folder, { recursive: true });
  const ca = registry.ca ?? (registry.files === undefined ? undefined : readFileSync(registry.files.ca, 'utf8'));
  if (ca === undefined) {
    const file = join(folder, 'registries.conf');
    const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
    writeFileSync(file, `${before}[[registry]]\nlocation = "${registry.domain}"\ninsecure = true\n`);
  } else {
    mkdirSync(join(folder, 'certs.d', registry.domain), { recursive: true });
    writeFileSync(join(folder, 'certs.d', registry.domain, 'ca.crt'), ca);
  }
}

/** Runs skiff to its end while this process goes on: for registries that live in it. */
export async function skiffBeside(world: World, args: readonly string[], env: Record<string, string> = {}, withinMs = deadlineMs): Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }> {
  const running = world.start(args, { env });
  const { code, signal } = await running.exitWithin(withinMs);
  return { code, signal, stdout: running.stdout(), stderr: running.stderr() };
}

/** `sha256:…` of the image's n-th layer as it travels. */
export function layerDigest(image: MadeImage, at = 0): string {
  return `sha256:${sha256(image.blobs[at] ?? Buffer.alloc(0))}`;
}

/** Names in the store's blob area; locks of nobody left out. */
export function blobFiles(world: World): string[] {
  const folder = join(world.root, 'skiff', 'blobs');
  return existsSync(folder) ? readdirSync(folder).filter((name) => !name.endsWith('.use')).toSorted() : [];
}
