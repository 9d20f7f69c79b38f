/**
 * How container ids map to ids of our user namespace.
 *
 * All containers of a user share one user namespace (the launcher's); by default a container adds none of its own, so that
 * ids inside it are the ids on disk. `--userns keep-id` nests a second one in which the invoking user keeps his number:
 *
 *   container          0 .. uid-1     uid     uid+1 ..
 *   our namespace      1 .. uid       0       uid+1 ..
 *
 * Each line of a nested map lies within one line of ours, which are several where the user has several subordinate ranges: the kernel
 * refuses any other with EPERM (user_namespaces(7) "Defining user and group ID mappings").
 *
 * The image's files are on disk with the ids of the default mapping (container 0 = our 0), so the storage has to show disk id
 * N as our id of container N: `storageMapping()` is that, in fuse-overlayfs' -o uidmapping= form DISK:SHOWN:SIZE. Without it the
 * image's root files belong to the invoking user and the container's root can't write them.
 *
 * The network namespace of a nested container has to be made by the runtime inside the nested user namespace (else the
 * container can't bind low ports, set sysctls or mount its own sysfs): the network is attached between create and start
 * (`deferredNetwork`).
 */
import { SkiffError } from '../../lib/errors.ts';
import type { IDMapping } from '../../oci/runtime-spec.ts';
import type { UsernsMode } from '../model.ts';
import type { IDRange } from './input.ts';

export interface UsernsPlan {
  /** Undefined: the container is in our own namespace. */
  nested?: { uidMappings: IDMapping[]; gidMappings: IDMapping[] };
  /** The user that a nested container runs as where --user is not given. */
  defaultUser?: { uid: number; gid: number };
}

/** @throws UNSUPPORTED where one id is mapped only, so that there is nothing to nest */
export function planUserns(mode: UsernsMode, host: { hostUid: number; hostGid: number; uidMap: readonly IDRange[]; gidMap: readonly IDRange[] }): UsernsPlan {
  switch (mode.kind) {
    case 'default':
    case 'host':
      return {};
    case 'keep-id': {
      const uid = mode.uid ?? host.hostUid;
      const gid = mode.gid ?? host.hostGid;
      return {
        nested: { uidMappings: keepID(uid, host.uidMap), gidMappings: keepID(gid, host.gidMap) },
        defaultUser: { uid, gid },
      };
    }
  }
}

/** Ids 1.. that follow our root; the launcher always maps them without a hole. */
function mappedCount(map: readonly IDRange[]): number {
  let next = 0;
  for (const range of map.toSorted((a, b) => a.inside - b.inside)) {
    if (range.inside !== next) break;
    next += range.size;
  }
  return Math.max(0, next - 1);
}

function keepID(id: number, map: readonly IDRange[]): IDMapping[] {
  const subordinate = mappedCount(map);
  const below = Math.min(id, subordinate);
  const mappings: IDMapping[] = [];
  if (below > 0) mappings.push({ containerID: 0, hostID: 1, size: below });
  mappings.push({ containerID: id, hostID: 0, size: 1 });
  if (subordinate > id) mappings.push({ containerID: id + 1, hostID: id + 1, size: subordinate - id });
  return mappings.flatMap((mapping) => splitMapping(mapping, map));
}

/** The same mapping in as many lines as it has parts in different ranges of `map`. */
function splitMapping(mapping: IDMapping, map: readonly IDRange[]): IDMapping[] {
  const end = mapping.hostID + mapping.size;
  return map.toSorted((a, b) => a.inside - b.inside).flatMap(({ inside, size }) => {
    const from = Math.max(mapping.hostID, inside);
    const until = Math.min(end, inside + size);
    return from < until ? [{ containerID: mapping.containerID + (from - mapping.hostID), hostID: from, size: until - from }] : [];
  });
}

/** `0:1:1000:1000:0:1:1001:1001:64535` for fuse-overlayfs' uidmapping= and gidmapping=. */
export function storageMapping(mappings: readonly IDMapping[]): string {
  return mappings.map((mapping) => `${mapping.containerID}:${mapping.hostID}:${mapping.size}`).join(':');
}

/** The id of our namespace that container id `id` is, undefined where it is none. */
export function mapID(id: number, mappings: readonly IDMapping[]): number | undefined {
  const mapping = mappings.find((candidate) => id >= candidate.containerID && id < candidate.containerID + candidate.size);
  return mapping === undefined ? undefined : mapping.hostID + (id - mapping.containerID);
}

/** True where `id` exists in a namespace with this map. */
export function isMapped(id: number, map: readonly IDRange[]): boolean {
  return map.some((range) => id >= range.inside && id < range.inside + range.size);
}

/** Refuses an id that the container's namespace does not have, before the runtime says "Invalid argument". @throws USAGE */
export function checkMapped(kind: 'user' | 'group', id: number, plan: UsernsPlan, map: readonly IDRange[]): void {
  const nested = kind === 'user' ? plan.nested?.uidMappings : plan.nested?.gidMappings;
  const there = nested === undefined ? isMapped(id, map) : mapID(id, nested) !== undefined;
  if (there) return;
  const file = kind === 'user' ? '/etc/subuid' : '/etc/subgid';
  const highest = map.reduce((most, range) => Math.max(most, range.inside + range.size - 1), 0);
  throw new SkiffError('USAGE', `${kind} id ${id} does not exist in the container: ids up to ${highest} are mapped`, {
    hint: `a larger range in ${file} gives more ids`,
  });
}
