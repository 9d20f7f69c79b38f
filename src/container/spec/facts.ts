/**
 * What the generator has to know about this machine and process, read once for each config.json: a handful of small files in /proc
 * and /sys, about 0.2 ms together.
 */
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Cgroups } from '../../host/cgroup/manager.ts';
import { isSystemError } from '../../lib/errors.ts';
import { capabilitiesFromHex } from './capabilities.ts';
import type { HostFacts, IDRange } from './input.ts';

export interface FactsRequest {
  /** From the session. */
  hostUid: number;
  hostGid: number;
  cgroups: Cgroups;
  /** From the session. */
  openFiles: number | undefined;
  /** List the host's devices as well. */
  privileged: boolean;
}

export function readHostFacts(request: FactsRequest): HostFacts {
  const limits = readText('/proc/self/limits');
  return {
    cgroup: request.cgroups.view,
    cgroupManager: request.cgroups.manager,
    cgroupControllers: request.cgroups.controllers,
    uidMap: parseIDMap(readText('/proc/self/uid_map')),
    gidMap: parseIDMap(readText('/proc/self/gid_map')),
    hostUid: request.hostUid,
    hostGid: request.hostGid,
    ...readSecurityModules(),
    rlimits: { nofile: { ...parseLimit(limits, 'Max open files'), ...(request.openFiles === undefined ? {} : { soft: request.openFiles }) }, nproc: parseLimit(limits, 'Max processes') },
    hostDevices: request.privileged ? listDevices('/dev') : [],
    mqueue: existsSync('/dev/mqueue'),
    capabilities: parseBoundingSet(readText('/proc/self/status')),
    ownCgroup: request.cgroups.parent,
    hostname: hostname(),
  };
}

/** Which of the kernel's security modules confine programs here. */
export function readSecurityModules(): { apparmor: boolean; selinux: boolean } {
  return { apparmor: readText('/sys/module/apparmor/parameters/enabled').startsWith('Y'), selinux: existsSync('/sys/fs/selinux/enforce') };
}

/** A file that this kernel does not have reads as empty. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isSystemError(error)) return '';
    throw error;
  }
}

/** /proc/PID/uid_map and gid_map. */
export function parseIDMap(text: string): IDRange[] {
  return text.split('\n').flatMap((line) => {
    const [inside, outside, size] = line.trim().split(/\s+/).map(Number);
    return inside === undefined || outside === undefined || size === undefined ? [] : [{ inside, outside, size }];
  });
}

/** A line of /proc/PID/limits; Infinity for "unlimited". */
export function parseLimit(text: string, name: string): { soft: number; hard: number } {
  const line = text.split('\n').find((candidate) => candidate.startsWith(name)) ?? '';
  const [soft = 'unlimited', hard = 'unlimited'] = line.slice(name.length).trim().split(/\s+/);
  const value = (word: string): number => (word === 'unlimited' || word === '' ? Infinity : Number(word));
  return { soft: value(soft), hard: value(hard) };
}

/** CapBnd of /proc/PID/status. */
export function parseBoundingSet(status: string): string[] {
  const hex = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return hex === undefined ? [] : capabilitiesFromHex(hex);
}

/** Mounts of their own, or links into /proc. */
const skippedFolders = ['pts', 'shm', 'fd', 'mqueue', 'hugepages', 'lxd'];

/** Character and block devices below `dir` that this user may open; the others would be of no use inside. */
function listDevices(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = `${dir}/${entry.name}`;
    if (entry.isDirectory()) return skippedFolders.includes(entry.name) ? [] : listDevices(path);
    return (entry.isCharacterDevice() || entry.isBlockDevice()) && isAccessible(path) ? [path] : [];
  });
}

function isAccessible(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}
