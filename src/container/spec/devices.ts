/**
 * Device nodes. A user namespace can't mknod real devices: each is a bind of the host's node, with the permissions that the
 * invoking user has on it. null, zero, full, random, urandom, tty and the links in /dev are the runtime's own work.
 */
import { posix } from 'node:path';
import { SkiffError } from '../../lib/errors.ts';
import type { SpecMount } from '../../oci/runtime-spec.ts';
import type { SpecInput } from './input.ts';

/** Nodes that the runtime makes, or that are the container's own. */
const runtimeOwn = ['/dev/null', '/dev/zero', '/dev/full', '/dev/random', '/dev/urandom', '/dev/tty', '/dev/console', '/dev/ptmx'];

/** Binds for --device. @throws USAGE */
export function deviceMounts(input: SpecInput): SpecMount[] {
  const mounts: SpecMount[] = [];
  for (const { source, destination, permissions } of input.record.Skiff.devices) {
    if (!source.startsWith('/') || !destination.startsWith('/')) throw new SkiffError('USAGE', `device ${JSON.stringify(source)}: paths must be absolute`);
    if (!/^[rwm]*$/.test(permissions)) throw new SkiffError('USAGE', `device ${JSON.stringify(source)}: permissions ${JSON.stringify(permissions)} may hold r, w and m only`);
    const target = posix.normalize(destination).replace(/(?<=.)\/$/, '');
    if (!runtimeOwn.includes(target)) mounts.push(bind(source, target, permissions === '' || permissions.includes('w') ? 'rw' : 'ro'));
  }
  return mounts;
}

/** Every node of the host, for a privileged container. */
export function privilegedDeviceMounts(input: SpecInput): SpecMount[] {
  if (!input.record.Skiff.privileged) return [];
  return input.host.hostDevices.filter((path) => !runtimeOwn.includes(path)).map((path) => bind(path, path, 'rw'));
}

function bind(source: string, destination: string, access: 'rw' | 'ro'): SpecMount {
  return { destination, type: 'bind', source, options: ['slave', 'nosuid', 'noexec', access, 'rbind'] };
}
