import type { Context } from '../../../container/index.ts';
import { tryFindContainer } from '../../../container/lookup.ts';
import { holdLayers } from '../../../image/hold-layers.ts';
import type { ResolvedImage } from '../../../image/index.ts';
import { findImage } from '../../../image/resolve.ts';
import { SkiffError } from '../../../lib/errors.ts';
import type { ChainID, ContainerID } from '../../../oci/ids.ts';
import { chainIDs } from '../../../oci/ids.ts';
import { containerDiffs } from '../../../storage/container-layers.ts';
import { compareLayers, containerChanges, layerChanges, layerDiffs } from '../../../storage/export-layer.ts';
import type { Change } from '../../../storage/index.ts';
import { byAlias } from '../../by-alias.ts';
import { print, printJson } from '../../output.ts';
import { printable } from '../../printable.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { selectOne } from './_select.ts';

type Kind = 'container' | 'image' | 'all';
type Named = { readonly container: ContainerID } | { readonly image: ResolvedImage };

/**
 * What a container's start puts there, which nobody changed. As Podman leaves it out.
 * @see podman-diff(1); containers/podman libpod/diff.go
 */
const ofTheStart: ReadonlySet<string> = new Set([
  '/dev', '/etc/hostname', '/etc/hosts', '/etc/mtab', '/etc/resolv.conf', '/proc', '/run', '/run/.containerenv', '/run/notify', '/run/secrets', '/sys',
]);
const letters = { added: 'A', changed: 'C', deleted: 'D' } as const;

export async function run(invocation: Invocation): Promise<void> {
  const { options, args: [name, other], spec } = invocation;
  const context = openContext();
  const kind: Kind = spec.path.length === 1 ? 'all' : (spec.path[0] as Kind);
  const named = name === undefined ? { container: selectOne(context, invocation, name) } : await find(context, name, kind);
  const against = other === undefined ? undefined : await find(context, other, kind);
  const images = [named, against].flatMap((one) => (one !== undefined && 'image' in one ? one.image : []));
  const all = await holdLayers(context.store, images, async () => (against === undefined ? ownChanges(context, named) : compareLayers(context.store, stack(context, against), stack(context, named))));
  const changes = all.filter(({ path }) => !ofTheStart.has(path));
  if (options['format'] === 'json') return printJson(asJson(changes), 5);
  print(changes.map(({ kind: what, path }) => `${letters[what]} ${printable(path)}\n`).join(''));
}

async function find(context: Context, name: string, kind: Kind): Promise<Named> {
  const container = kind === 'image' ? undefined : tryFindContainer(context, name);
  if (container !== undefined) return { container };
  const image = kind === 'container' ? undefined : await byAlias(name, (one) => findImage(context.store, one));
  if (image !== undefined) return { image };
  throw new SkiffError(kind === 'image' ? 'IMAGE_UNKNOWN' : 'CONTAINER_UNKNOWN', `${name} not found: ${kind === 'image' ? 'image not known' : kind === 'container' ? 'no such container' : 'no such container or image'}`);
}

async function ownChanges({ store }: Context, named: Named): Promise<Change[]> {
  if ('container' in named) return (await containerChanges(store, named.container)).changes;
  const top = topOf(named.image);
  return top === undefined ? [] : (await layerChanges(store, top)).changes;
}

function stack({ store }: Context, named: Named): string[] {
  if ('container' in named) return containerDiffs(store, named.container);
  const top = topOf(named.image);
  if (top === undefined) throw new SkiffError('UNSUPPORTED', 'an image without layers can\'t be compared');
  return layerDiffs(store, top);
}

function topOf({ config }: ResolvedImage): ChainID | undefined {
  return chainIDs(config.rootfs.diff_ids).at(-1);
}

/** Only the kinds that there are. */
function asJson(changes: readonly Change[]): object {
  const pathsOf = (wanted: Change['kind']): string[] => changes.filter(({ kind }) => kind === wanted).map(({ path }) => path);
  const all = (['changed', 'added', 'deleted'] as const).map((kind) => [kind, pathsOf(kind)] as const);
  return Object.fromEntries(all.filter(([, paths]) => paths.length > 0));
}
