/**
 * Looks at a store and a runtime dir from outside, by Docker's layout alone, and lists everything that nothing reaches and
 * everything that is reached but missing. An empty list is what every cut must end in, once a writer has run after it.
 */
import { existsSync, lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { acquire } from '../../src/host/locks.ts';
import { storeLayout } from '../../src/storage/layout.ts';
import type { World } from './world.ts';

const list = (dir: string): string[] => (existsSync(dir) ? readdirSync(dir) : []);

/** Waits until nobody is changing the store: a monitor whose clients know of the end may still be removing the container's files. */
export function settle({ root }: Pick<World, 'root'>): void {
  const { lock } = storeLayout(root);
  if (existsSync(lock)) acquire(lock, 'exclusive').release();
}

/** Once the store has settled. */
export function auditStore(world: Pick<World, 'root' | 'runtime'>): string[] {
  settle(world);
  const problems: string[] = [];
  const root = world.root;
  const overlay = join(root, 'overlay2');
  const layerdb = join(root, 'image/overlay2/layerdb');
  const reached = new Map<string, string>();

  for (const chain of list(join(layerdb, 'sha256'))) {
    const dir = join(layerdb, 'sha256', chain);
    for (const file of ['diff', 'cache-id', 'size', 'tar-split.json.gz']) if (!existsSync(join(dir, file))) problems.push(`layer ${chain} lacks ${file}`);
    reached.set(readFileSync(join(dir, 'cache-id'), 'utf8'), `layer ${chain}`);
    if (existsSync(join(dir, 'parent'))) {
      const parent = readFileSync(join(dir, 'parent'), 'utf8').replace('sha256:', '');
      if (!existsSync(join(layerdb, 'sha256', parent))) problems.push(`layer ${chain} lacks its parent ${parent}`);
    }
  }
  for (const id of list(join(layerdb, 'mounts'))) {
    if (!existsSync(join(root, 'containers', id, 'config.v2.json'))) problems.push(`mounts/${id} belongs to no container`);
    for (const file of ['mount-id', 'init-id']) {
      const path = join(layerdb, 'mounts', id, file);
      if (existsSync(path)) reached.set(readFileSync(path, 'utf8'), `container ${id}`);
      else problems.push(`mounts/${id} lacks ${file}`);
    }
  }
  const links = new Map<string, string>();
  for (const id of list(overlay)) {
    if (id === 'l') continue;
    if (!reached.has(id)) problems.push(`overlay2/${id} is reached by nothing`);
    const link = join(overlay, id, 'link');
    if (existsSync(link)) links.set(readFileSync(link, 'utf8'), id);
    else problems.push(`overlay2/${id} has no link file`);
  }
  for (const [id, owner] of reached) if (!existsSync(join(overlay, id, 'link'))) problems.push(`${owner} lacks overlay2/${id}`);
  for (const name of list(join(overlay, 'l'))) {
    const id = links.get(name);
    if (id === undefined) problems.push(`l/${name} belongs to no layer`);
    else if (readlinkSync(join(overlay, 'l', name)) !== `../${id}/diff`) problems.push(`l/${name} points to ${readlinkSync(join(overlay, 'l', name))}`);
  }
  for (const [name, id] of links) if (!list(join(overlay, 'l')).includes(name)) problems.push(`overlay2/${id} lacks l/${name}`);
  for (const name of list(join(layerdb, 'tmp'))) if (!name.endsWith('.lock')) problems.push(`layerdb/tmp/${name} was left behind`);
  for (const id of list(join(root, 'containers'))) if (!existsSync(join(root, 'containers', id, 'config.v2.json'))) problems.push(`containers/${id} is half-made`);
  for (const name of list(join(root, 'skiff/names'))) {
    const id = readlinkSync(join(root, 'skiff/names', name));
    if (!existsSync(join(root, 'containers', id.split('/').at(-1) ?? '', 'config.v2.json'))) problems.push(`the name ${name} belongs to no container`);
  }
  const images = join(root, 'image/overlay2/imagedb/content/sha256');
  const repositories = join(root, 'image/overlay2/repositories.json');
  if (existsSync(repositories)) {
    const parsed = JSON.parse(readFileSync(repositories, 'utf8')) as { Repositories: Record<string, Record<string, string>> };
    for (const [name, id] of Object.values(parsed.Repositories).flatMap((tags) => Object.entries(tags))) {
      if (!existsSync(join(images, id.replace('sha256:', '')))) problems.push(`the tag ${name} has no image ${id}`);
    }
  }
  const runtime = join(world.runtime, 'skiff');
  for (const id of list(runtime)) {
    if (/^[0-9a-f]{64}$/.test(id) && lstatSync(join(runtime, id)).isDirectory() && !existsSync(join(root, 'containers', id, 'config.v2.json'))) problems.push(`the runtime dir of ${id} belongs to no container`);
  }
  for (const state of list(runtime).filter((name) => name.startsWith('oci-'))) {
    for (const id of list(join(runtime, state))) if (!existsSync(join(root, 'containers', id, 'config.v2.json'))) problems.push(`${state} still knows ${id}`);
  }
  return problems;
}
