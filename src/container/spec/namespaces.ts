/**
 * Which namespaces the runtime makes and which it joins.
 */
import { SkiffError } from '../../lib/errors.ts';
import type { Linux, NamespaceType } from '../../oci/runtime-spec.ts';
import type { NamespaceMode } from '../model.ts';
import type { NamespacePaths, SpecInput } from './input.ts';
import type { UsernsPlan } from './userns.ts';

/** The container's list. The cgroup namespace is there unless the host's was asked for: without it /sys/fs/cgroup shows the whole tree of the user. */
export function planNamespaces(input: SpecInput, userns: UsernsPlan): Linux['namespaces'] {
  const { Skiff } = input.record;
  const list: Linux['namespaces'] = [];
  const add = (type: NamespaceType & keyof NamespacePaths, mode: NamespaceMode | { kind: 'shareable' }): void => {
    const entry = namespaceEntry(type, mode.kind, input.namespaces[type]);
    if (entry !== undefined) list.push(entry);
  };
  add('pid', Skiff.pid);
  if (Skiff.network.kind !== 'host') {
    const made = Skiff.network.kind === 'none' || input.deferredNetwork === true;
    list.push(made ? { type: 'network' } : joined('network', input.namespaces.network));
  }
  add('ipc', Skiff.ipc);
  add('uts', Skiff.uts);
  list.push({ type: 'mount' });
  if (input.host.cgroup !== 'none') add('cgroup', Skiff.cgroupns);
  if (userns.nested !== undefined) list.push({ type: 'user' });
  return list;
}

function namespaceEntry(type: NamespaceType, kind: (NamespaceMode | { kind: 'shareable' })['kind'], path: string | undefined): Linux['namespaces'][number] | undefined {
  switch (kind) {
    case 'host':
      return undefined;
    case 'container':
    case 'path':
      return joined(type, path);
    case 'private':
    case 'shareable':
    case 'none':
      return { type };
  }
}

function joined(type: NamespaceType, path: string | undefined): { type: NamespaceType; path: string } {
  if (path === undefined) throw new SkiffError('INTERNAL', `no path of the ${type} namespace to join`);
  return { type, path };
}
