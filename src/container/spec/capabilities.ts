/**
 * Capability names and the sets a container starts with.
 *
 * Inheritable and ambient are empty for every container: a non-empty inheritable set turns every file of the image with an
 * inheritable file capability into a way up (CVE-2022-27649 to 27652, CVE-2022-29162).
 *
 * @see capabilities(7); Podman 4.3 behaviour of --cap-add, --cap-drop, --privileged
 */
import { SkiffError } from '../../lib/errors.ts';
import type { CapabilitySets } from '../../oci/runtime-spec.ts';

/** In the kernel's numbering: the index is the capability's number (linux/capability.h, 6.x). */
export const capabilityNames: readonly string[] = [
  'CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP', 'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_ADMIN', 'NET_RAW', 'IPC_LOCK', 'IPC_OWNER', 'SYS_MODULE', 'SYS_RAWIO', 'SYS_CHROOT',
  'SYS_PTRACE', 'SYS_PACCT', 'SYS_ADMIN', 'SYS_BOOT', 'SYS_NICE', 'SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'MKNOD', 'LEASE',
  'AUDIT_WRITE', 'AUDIT_CONTROL', 'SETFCAP', 'MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG', 'WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ',
  'PERFMON', 'BPF', 'CHECKPOINT_RESTORE',
].map((name) => `CAP_${name}`);

/** Podman's set: what package managers and user switching need, without raw sockets, mknod and audit. */
export const defaultCapabilities: readonly string[] = [
  'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT',
].map((name) => `CAP_${name}`);

/** The names in a set of bits as /proc/PID/status shows it in hex (CapBnd), in the kernel's order. */
export function capabilitiesFromHex(hex: string): string[] {
  const bits = BigInt(`0x${hex.trim()}`);
  return capabilityNames.filter((_name, number) => ((bits >> BigInt(number)) & 1n) === 1n);
}

/** `net_raw`, `CAP_NET_RAW` -> `CAP_NET_RAW`. @throws USAGE for a name that no kernel knows */
export function parseCapability(text: string): string {
  const upper = text.toUpperCase();
  const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (!capabilityNames.includes(name)) throw new SkiffError('USAGE', `unknown capability ${JSON.stringify(text)}`);
  return name;
}

export interface CapabilityRequest {
  add: readonly string[];
  drop: readonly string[];
  privileged: boolean;
  uid: number;
  /** What the engine starts from; podman's set unless containers.conf says otherwise. */
  defaults: readonly string[];
  /** What this process may hand out at all (its own bounding set). */
  available: readonly string[];
}

/**
 * The sets of the container's first process. ALL is understood in `add` and `drop`; naming one capability in both is an error,
 * as in Podman. A user other than root holds only what was added by name.
 * @throws USAGE unknown or contradictory names, or one that this process does not have
 */
export function planCapabilities(request: CapabilityRequest): CapabilitySets {
  const bounding = boundingSet(request);
  const held = request.uid === 0 ? bounding : namedAdditions(request).filter((name) => bounding.includes(name));
  return { bounding, effective: held, permitted: [...held], inheritable: [], ambient: [] };
}

function boundingSet(request: CapabilityRequest): string[] {
  const available = new Set(request.available);
  const addAll = request.add.some(isAll);
  const dropAll = request.drop.some(isAll);
  if (addAll && dropAll) throw new SkiffError('USAGE', 'capability "all" can be added or dropped, not both');
  const added = namedAdditions(request);
  const dropped = request.drop.filter((text) => !isAll(text)).map(parseCapability);
  const both = added.find((name) => dropped.includes(name));
  if (both !== undefined) throw new SkiffError('USAGE', `capability "${both}" can be added or dropped, not both`);
  const missing = added.find((name) => !available.has(name));
  if (missing !== undefined) throw new SkiffError('USAGE', `capability "${missing}" is not available to this user: it is not in the bounding set`);
  const base = request.privileged || addAll ? request.available : dropAll ? [] : request.defaults.map(parseCapability).filter((name) => available.has(name));
  const result = new Set([...base, ...added]);
  for (const name of dropped) result.delete(name);
  if (dropAll && request.privileged) return [...new Set(added)].toSorted();
  return [...result].toSorted();
}

function namedAdditions(request: CapabilityRequest): string[] {
  return [...new Set(request.add.filter((text) => !isAll(text)).map(parseCapability))].toSorted();
}

function isAll(text: string): boolean {
  return text.toUpperCase() === 'ALL';
}
