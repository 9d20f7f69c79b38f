/**
 * The mount table: what every container has, then the user's, parents before children.
 *
 * /proc, /dev and /dev/pts are made fresh for every container whatever the flags say: a /dev from an image or a volume is what the
 * masked-path and console attacks on runtimes need (CVE-2025-31133, CVE-2025-52565). The one exception asked for by name is
 * `--pid host`, where the host's /proc is the point, and `-v /dev:/dev`, where the host's own /dev is.
 */
import { posix } from 'node:path';
import { SkiffError } from '../../lib/errors.ts';
import type { SpecMount } from '../../oci/runtime-spec.ts';
import type { Mount } from '../model.ts';
import { deviceMounts, privilegedDeviceMounts } from './devices.ts';
import type { SpecInput } from './input.ts';
import { bindOptions, tmpfsOptions } from './mount-options.ts';
import { initMountPoint } from './process.ts';
import type { SecurityOptions } from './security.ts';
import { isMapped, mapID, type UsernsPlan } from './userns.ts';

const shmDefaultBytes = 64 * 1024 * 1024;

/**
 * In the order of mounting. A user's mount replaces the default one of the same destination.
 * @throws USAGE two user mounts on one destination, or one on a place that must stay fresh
 */
export function planMounts(input: SpecInput, security: SecurityOptions, userns: UsernsPlan): SpecMount[] {
  const user = [...userMounts(input.record.Skiff.mounts), ...deviceMounts(input)];
  checkDestinations(user);
  const table = new Map<string, SpecMount>();
  for (const mount of [...systemMounts(input, security, userns), ...privilegedDeviceMounts(input), ...fileMounts(input)]) table.set(mount.destination, mount);
  for (const mount of readOnlyTmpfs(input)) table.set(mount.destination, mount);
  // deleted first, so that a user's mount keeps its place among the user's
  for (const mount of user) {
    table.delete(mount.destination);
    table.set(mount.destination, mount);
  }
  return [...table.values()].toSorted((a, b) => depth(a.destination) - depth(b.destination));
}

function depth(path: string): number {
  return path === '/' ? 0 : path.split('/').length - 1;
}

/** Namespaces whose filesystems the container may mount itself: those that were made in its own user namespace. */
function ownsNetwork(input: SpecInput, userns: UsernsPlan): boolean {
  const { kind } = input.record.Skiff.network;
  if (kind === 'host') return false;
  return userns.nested === undefined || kind === 'none' || input.deferredNetwork === true;
}
function ownsIpc(input: SpecInput, userns: UsernsPlan): boolean {
  const { kind } = input.record.Skiff.ipc;
  if (kind === 'host') return false;
  return userns.nested === undefined || (kind !== 'container' && kind !== 'path');
}
function ownsPid(input: SpecInput, userns: UsernsPlan): boolean {
  const { kind } = input.record.Skiff.pid;
  if (kind === 'host') return false;
  return userns.nested === undefined || kind === 'private';
}

function systemMounts(input: SpecInput, security: SecurityOptions, userns: UsernsPlan): SpecMount[] {
  const { Skiff } = input.record;
  const mounts: SpecMount[] = [];
  const access = Skiff.privileged ? 'rw' : 'ro';
  mounts.push(
    ownsPid(input, userns)
      ? { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev', ...security.procOptions] }
      : { destination: '/proc', type: 'bind', source: '/proc', options: ['rbind', 'nosuid', 'noexec', 'nodev', 'rw', 'rprivate'] },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'noexec', 'strictatime', 'mode=755', 'size=65536k'] },
    ownsNetwork(input, userns)
      ? { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', access] }
      : { destination: '/sys', type: 'bind', source: '/sys', options: ['rprivate', 'nosuid', 'noexec', 'nodev', access, 'rbind'] },
    { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: devptsOptions(input, userns) },
  );
  if (ownsIpc(input, userns)) {
    mounts.push({ destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] });
  } else if (input.host.mqueue) {
    mounts.push({ destination: '/dev/mqueue', type: 'bind', source: '/dev/mqueue', options: ['rbind', 'nosuid', 'noexec', 'nodev', 'rprivate'] });
  }
  const shm = shmMount(input);
  if (shm !== undefined) mounts.push(shm);
  const cgroup = cgroupMount(input, access);
  if (cgroup !== undefined) mounts.push(cgroup);
  return mounts;
}

/** Terminals belong to group tty (5), where the container has one. */
function devptsOptions(input: SpecInput, userns: UsernsPlan): string[] {
  const options = ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'];
  const tty = userns.nested === undefined ? isMapped(5, input.host.gidMap) : mapID(5, userns.nested.gidMappings) !== undefined;
  return tty ? [...options, 'gid=5'] : options;
}

function shmMount(input: SpecInput): SpecMount | undefined {
  const { ipc, shmSizeBytes } = input.record.Skiff;
  const options = ['nosuid', 'noexec', 'nodev'];
  if (ipc.kind === 'none') return undefined;
  if (input.shmPath !== undefined) return { destination: '/dev/shm', type: 'bind', source: input.shmPath, options: ['bind', 'rprivate', ...options] };
  if (ipc.kind === 'host') return { destination: '/dev/shm', type: 'bind', source: '/dev/shm', options: ['rbind', 'rprivate', ...options] };
  const size = shmSizeBytes > 0 ? shmSizeBytes : shmDefaultBytes;
  return { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...options, 'mode=1777', `size=${size}`] };
}

/**
 * With a cgroup namespace of its own, a fresh cgroup2 that shows the container's subtree only. It also covers the host's tree where
 * /sys is bound (CVE-2023-25809: the "ro" of a recursive bind does not reach what is mounted below).
 */
function cgroupMount(input: SpecInput, access: 'ro' | 'rw'): SpecMount | undefined {
  if (input.host.cgroup === 'none') return undefined;
  if (input.record.Skiff.cgroupns.kind === 'host') {
    return { destination: '/sys/fs/cgroup', type: 'bind', source: '/sys/fs/cgroup', options: ['rprivate', 'nosuid', 'noexec', 'nodev', 'ro', 'rbind'] };
  }
  return { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['rprivate', 'nosuid', 'noexec', 'nodev', 'relatime', access] };
}

/** Files of ours over the image's, and init. */
function fileMounts(input: SpecInput): SpecMount[] {
  const { files, record } = input;
  const options = record.Skiff.readOnly ? ['bind', 'rprivate', 'ro', 'nosuid', 'noexec', 'nodev'] : ['bind', 'rprivate'];
  const wanted: [string, string | undefined][] = [
    ['/etc/hostname', files.hostname], ['/etc/hosts', files.hosts], ['/etc/resolv.conf', files.resolvConf],
    ['/run/.containerenv', files.containerenv], ['/etc/passwd', files.passwd], ['/etc/group', files.group], ['/etc/localtime', files.localtime],
  ];
  const mounts: SpecMount[] = [];
  for (const [destination, source] of wanted) {
    if (source !== undefined) mounts.push({ destination, type: 'bind', source, options });
  }
  if (record.Skiff.init) {
    if (input.initPath === undefined) throw new SkiffError('INTERNAL', 'init was asked for and no path of it given');
    mounts.push({ destination: initMountPoint, type: 'bind', source: input.initPath, options: ['bind', 'rprivate', 'ro', 'nosuid', 'nodev'] });
  }
  return mounts;
}

/** --read-only leaves programs their usual scratch places; /dev/shm is a tmpfs anyhow. */
function readOnlyTmpfs(input: SpecInput): SpecMount[] {
  const { readOnly, readOnlyTmpfs } = input.record.Skiff;
  if (!readOnly || readOnlyTmpfs === false) return [];
  return ['/run', '/tmp', '/var/tmp'].map((destination) => ({
    destination, type: 'tmpfs', source: 'tmpfs', options: ['rw', 'rprivate', 'nosuid', 'nodev', 'tmpcopyup'],
  }));
}

function userMounts(mounts: readonly Mount[]): SpecMount[] {
  return mounts.map((mount) => toSpecMount({ ...mount, destination: cleanDestination(mount.destination) }));
}

/** Mounts that no start would take: unknown or contradictory options, places that can't be covered. @throws USAGE, UNSUPPORTED */
export function checkUserMounts(mounts: readonly Mount[]): void {
  checkDestinations(userMounts(mounts));
}

function toSpecMount(mount: Mount): SpecMount {
  const { destination } = mount;
  switch (mount.kind) {
    case 'tmpfs':
      return { destination, type: 'tmpfs', source: 'tmpfs', options: tmpfsOptions(destination, mount.readOnly, mount.options) };
    case 'bind':
    case 'volume':
      if (!mount.source.startsWith('/')) throw new SkiffError('USAGE', `mount ${JSON.stringify(destination)}: source ${JSON.stringify(mount.source)} must be an absolute path`);
      return { destination, type: 'bind', source: mount.source, options: bindOptions(destination, mount.kind, mount.readOnly, mount.options) };
  }
}

function cleanDestination(path: string): string {
  if (!path.startsWith('/')) throw new SkiffError('USAGE', `mount destination ${JSON.stringify(path)}: must be an absolute path`);
  return posix.normalize(path).replace(/(?<=.)\/$/, '');
}

/** Files below /proc that may be covered: the ones that tools like lxcfs fake, as in runc. */
const coverableProc = [
  'cpuinfo', 'diskstats', 'meminfo', 'stat', 'swaps', 'uptime', 'loadavg', 'slabinfo', 'net/dev', 'sys/kernel/ns_last_pid', 'sys/crypto/fips_enabled',
].map((name) => `/proc/${name}`);

function checkDestinations(mounts: readonly SpecMount[]): void {
  const seen = new Set<string>();
  for (const { destination, source, type } of mounts) {
    const shown = JSON.stringify(destination);
    if (destination === '/') throw new SkiffError('USAGE', `mount destination "/": must not be the root of the container`);
    if (seen.has(destination)) throw new SkiffError('USAGE', `mount destination ${shown}: given twice`);
    seen.add(destination);
    if ((destination === '/proc' || destination.startsWith('/proc/')) && !coverableProc.includes(destination)) {
      throw new SkiffError('USAGE', `mount destination ${shown}: the container's /proc can't be covered`);
    }
    const hostsOwn = type === 'bind' && source === destination;
    if (['/dev', '/dev/pts', '/dev/ptmx', '/dev/console'].includes(destination) && !hostsOwn) {
      throw new SkiffError('USAGE', `mount destination ${shown}: only the host's own ${destination} can be mounted there`);
    }
  }
}
