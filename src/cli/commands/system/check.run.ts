import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { imageUses } from '../../../container/image-uses.ts';
import type { Context } from '../../../container/index.ts';
import { removeContainer } from '../../../container/remove.ts';
import { runningContainers } from '../../../container/summary.ts';
import { config } from '../../../host/config/index.ts';
import type { Damage, Found } from '../../../image/check/find.ts';
import { findDamage, imageChains } from '../../../image/check/find.ts';
import type { RepairServices } from '../../../image/check/repair.ts';
import { removeLost, repairOnce } from '../../../image/check/repair.ts';
import { mountedImages } from '../../../image/mount.ts';
import { namesByImage } from '../../../image/summary.ts';
import { SkiffError, isErrno } from '../../../lib/errors.ts';
import type { ChainID, ImageID } from '../../../oci/ids.ts';
import { hexOf, parseChainID } from '../../../oci/ids.ts';
import { canonicalString } from '../../../oci/reference.ts';
import { openStore } from '../../../storage/store.ts';
import { printLine, warn } from '../../output.ts';
import { printable } from '../../printable.ts';
import { withClient } from '../../registry-client.ts';
import type { Invocation } from '../../spec.ts';

const defaultMaxAgeMs = 24 * 3600 * 1000;
/** A config that was fetched may tell of layers that are missing, and these of links. */
const maxRounds = 3;

export async function run({ options }: Invocation): Promise<void> {
  const context: Context = { store: openStore(config().root), runtimeDir: config().runtimeDir };
  const maxAgeMs = (options['max'] as number | undefined) ?? (hasBuildCache(context) ? undefined : defaultMaxAgeMs);
  const quick = options['quick'] === true;
  const found = await findDamage(context.store, { content: quick ? new Set() : 'all', maxAgeMs });
  if (found.leftovers === undefined) warn('other commands leave the store no rest: what killed ones may have left was not looked for');
  tell(context, found);
  if (isWhole(found)) return;
  if (options['repair'] !== true) throw damaged('skiff system check --repair mends what can be mended');
  const left = await repair(context, options, found, maxAgeMs);
  if (left.length === 0) return;
  throw damaged(options['force'] === true ? undefined : 'pull or load the lost images again, or remove them: skiff system check --repair --force');
}

function isWhole({ damage, leftovers = [], unreferenced }: Found): boolean {
  return damage.length + leftovers.length + unreferenced.length === 0;
}

function damaged(hint: string | undefined): SkiffError {
  return new SkiffError('STORE_CORRUPT', 'damage detected in local storage', { hint });
}

/** A store of Docker's has layers that only its build cache knows: of those, age says nothing. */
function hasBuildCache({ store }: Context): boolean {
  try {
    return readdirSync(join(store.root, 'buildkit')).length > 0;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

function tell({ store }: Context, { damage, leftovers = [], unreferenced }: Found): void {
  const names = shownNames(store);
  for (const { what, id, message } of damage) printLine(`${what} ${id}: ${printable(message)}`);
  for (const image of new Set(damage.flatMap(({ images }) => images))) printLine(`damaged image: ${names(image)}`);
  for (const layer of unreferenced) printLine(`layer ${layer}: nothing refers to it`);
  for (const line of leftovers) printLine(`leftover ${line}`);
}

function shownNames(store: Context['store']): (id: ImageID) => string {
  const names = namesByImage(store);
  return (id) => [hexOf(id).slice(0, 12), ...(names.get(id) ?? []).map(canonicalString)].join(' ');
}

/** Returns the damage that is still there. */
async function repair(context: Context, options: Invocation['options'], first: Found, maxAgeMs: number | undefined): Promise<readonly Damage[]> {
  const { store } = context;
  const looked = new Set(layersOf(first.damage));
  const again = (): Promise<Found> => findDamage(store, { content: looked, maxAgeMs });
  return withClient(options, async (client) => {
    const services: RepairServices = {
      client, mountedTops: () => mountedTops(context),
      onStep: ({ what, failure }) => printLine(failure === undefined ? `repaired ${what}` : `not repaired ${what}: ${printable(failure)}`),
    };
    let found = first;
    for (let round = 0; round < maxRounds && !isWhole(found); round++) {
      if (await repairOnce(store, found, services) === 0) break;
      found = await again();
      for (const layer of layersOf(found.damage)) looked.add(layer);
    }
    const names = shownNames(store);
    const lost = new Set(found.damage.flatMap(({ images }) => images));
    for (const image of lost) printLine(`lost image: ${names(image)}`);
    if (options['force'] !== true || lost.size === 0) return found.damage;
    for (const image of lost) {
      for (const { image: used, container } of imageUses(context)) if (used === image && container !== undefined) removeContainer(context, container, { force: true, volumes: false, timeoutSeconds: 0 });
      await removeLost(store, image);
      printLine(`Deleted: ${hexOf(image)}`);
    }
    const rest = await again();
    // What the removal itself left behind.
    await repairOnce(store, { damage: [], unreferenced: [], leftovers: rest.leftovers }, { ...services, onStep: () => {} });
    return rest.damage;
  });
}

function layersOf(damage: readonly Damage[]): ChainID[] {
  return damage.flatMap(({ what, id }) => (what === 'layer' ? [parseChainID(id)] : []));
}

function mountedTops(context: Context): ChainID[] {
  const chains = imageChains(context.store);
  const running = runningContainers(context).flatMap(({ record }) => (record.Skiff.topLayer === '' ? [] : [record.Skiff.topLayer]));
  return [...running, ...mountedImages(context.runtimeDir).flatMap(({ image }) => chains.get(image)?.at(-1) ?? [])];
}
