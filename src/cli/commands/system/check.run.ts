import { readdirSync } from 'node:fs';
import type { Context } from '../../../container/index.ts';
import { nameOf, shortID } from '../../../container/record.ts';
import { removeContainer } from '../../../container/remove.ts';
import { allContainers, runningContainers } from '../../../container/summary.ts';
import { config } from '../../../host/config/index.ts';
import type { Damage, Found } from '../../../image/check/find.ts';
import { findDamage, imageChains } from '../../../image/check/find.ts';
import type { RepairServices } from '../../../image/check/repair.ts';
import { removeLost, repairOnce, setNamesAside } from '../../../image/check/repair.ts';
import { remedyFor, verdicts } from '../../../image/check/verdict.ts';
import { mountedImages } from '../../../image/mount.ts';
import { namesByImage } from '../../../image/summary.ts';
import { SkiffError, isCode, isErrno } from '../../../lib/errors.ts';
import { join } from '../../../lib/paths.ts';
import type { ChainID, ImageID } from '../../../oci/ids.ts';
import { hexOf, parseChainID } from '../../../oci/ids.ts';
import type { NamedReference } from '../../../oci/reference.ts';
import { canonicalString } from '../../../oci/reference.ts';
import type { Store } from '../../../storage/index.ts';
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
  if (options['repair'] !== true) {
    if (found.damage.length > 0) throw damaged('skiff system check --repair mends what can be mended');
    warn('leftovers are no damage; skiff system check --repair takes them away');
    return;
  }
  const { damage, remedy } = await repair(context, options, found, maxAgeMs);
  if (damage.length > 0) throw damaged(remedy);
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
  for (const layer of unreferenced) printLine(`leftover layer ${layer}: nothing refers to it`);
  for (const line of leftovers) printLine(`leftover ${line}`);
}

function shownNames(store: Context['store']): (id: ImageID) => string {
  const names = knownNames(store);
  return (id) => [hexOf(id).slice(0, 12), ...(names.get(id) ?? []).map(canonicalString)].join(' ');
}

function knownNames(store: Store): ReadonlyMap<ImageID, readonly NamedReference[]> {
  try {
    return namesByImage(store);
  } catch (error) {
    if (isCode(error, 'STORE_CORRUPT')) return new Map(); // told of as damage of its own
    throw error;
  }
}

/** Returns the damage that is still there, and what to do about it. */
async function repair(context: Context, options: Invocation['options'], first: Found, maxAgeMs: number | undefined): Promise<{ damage: readonly Damage[]; remedy: string | undefined }> {
  const { store } = context;
  const looked = new Set(layersOf(first.damage));
  const again = (): Promise<Found> => findDamage(store, { content: looked, maxAgeMs });
  return withClient(options, async (client) => {
    const reasons = new Map<string, SkiffError>();
    // What can't be repaired is tried in every round.
    const printed = new Set<string>();
    const services: RepairServices = {
      client, mountedTops: () => mountedTops(context),
      onStep: ({ what, id, failure }) => {
        if (id !== undefined && failure !== undefined) reasons.set(id, failure);
        const line = failure === undefined ? `repaired ${what}` : `not repaired ${what}: ${printable(failure.message)}`;
        if (!printed.has(line)) printLine(line);
        printed.add(line);
      },
    };
    let found = first;
    for (let round = 0; round < maxRounds && !isWhole(found); round++) {
      if (await repairOnce(store, found, services) === 0) break;
      found = await again();
      for (const layer of layersOf(found.damage)) looked.add(layer);
    }
    const names = shownNames(store);
    const images = verdicts(found.damage, reasons);
    for (const { image, lost } of images) printLine(`${lost ? 'lost image' : 'image not repaired'}: ${names(image)}`);
    const lost = images.filter((image) => image.lost).map(({ image }) => image);
    const namesLost = found.damage.some(({ what }) => what === 'names');
    if (options['force'] !== true || (lost.length === 0 && !namesLost)) {
      return { damage: found.damage, remedy: namesLost ? 'images can be named anew once the file is out of the way: skiff system check --repair --force sets it aside' : remedyFor(images) };
    }
    if (namesLost) printLine(`Names set aside: ${await setNamesAside(store)}`);
    const kept = [];
    for (const image of lost) if (!await removeWithContainers(context, image, names(image))) kept.push(image);
    const rest = await again();
    // What the removal itself left behind.
    await repairOnce(store, { damage: [], unreferenced: [], leftovers: rest.leftovers }, { ...services, onStep: () => {} });
    return { damage: rest.damage, remedy: kept.length > 0 ? 'stop the containers that use it, and then once more: skiff system check --repair --force' : remedyFor(images.filter((image) => !image.lost)) };
  });
}

/** False where a container of the image runs: then all of it stays as it is. What goes is told of. */
async function removeWithContainers(context: Context, image: ImageID, names: string): Promise<boolean> {
  const running = runningContainers(context).find(({ record }) => record.Image === image);
  if (running !== undefined) {
    printLine(`lost image not removed: ${names}: container ${nameOf(running.record)} runs: stop it first`);
    return false;
  }
  for (const { record } of allContainers(context)) {
    if (record.Image !== image) continue;
    removeContainer(context, record.ID, { force: false, volumes: false });
    printLine(`Deleted container: ${shortID(record.ID)} ${nameOf(record)}`);
  }
  await removeLost(context.store, image);
  printLine(`Deleted: ${hexOf(image)}`);
  return true;
}

function layersOf(damage: readonly Damage[]): ChainID[] {
  return damage.flatMap(({ what, id }) => (what === 'layer' || what === 'size' ? [parseChainID(id)] : []));
}

function mountedTops(context: Context): ChainID[] {
  const chains = imageChains(context.store);
  const running = runningContainers(context).flatMap(({ record }) => (record.Skiff.topLayer === '' ? [] : [record.Skiff.topLayer]));
  return [...running, ...mountedImages(context.runtimeDir).flatMap(({ image }) => chains.get(image)?.at(-1) ?? [])];
}
