/**
 * Which seccomp profile a container gets, as the text that config.json holds. Reading and converting containers-common's file costs
 * 1 to 2 ms in a fresh process: the result is kept in the runtime dir, beside what it was made from.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { SkiffError, wrap } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import { textIfThere } from '../../host/if-there.ts';
import type { ContainerRecord } from '../model.ts';
import { capabilityNames, defaultCapabilities, planCapabilities } from './capabilities.ts';
import { defaultProfile } from './seccomp-default.ts';
import { convertProfile, parseProfile, type SeccompTarget } from './seccomp.ts';
import { parseSecurityOptions } from './security.ts';

/** Where containers-common puts its profile; the administrator's own first. */
const installedProfiles = ['/etc/containers/seccomp.json', '/usr/share/containers/seccomp.json'];

export interface SeccompRequest {
  record: ContainerRecord;
  /** seccomp_profile of containers.conf. */
  configured?: string | undefined;
  /** HostFacts.capabilities. */
  available: readonly string[];
  /** SpecInput.defaultCapabilities. */
  defaultCapabilities?: readonly string[];
  /** skiff's runtime dir, 0700. */
  cacheDir: string;
}

/**
 * The profile named by --security-opt seccomp=, else none for a privileged container, else containers.conf's, the installed one or our own.
 * JSON of the runtime's form; undefined: unconfined.
 * @throws NOT_FOUND, CONFIG_INVALID for a file that was named
 */
export function resolveSeccomp(request: SeccompRequest): string | undefined {
  const { Skiff } = request.record;
  const named = parseSecurityOptions(Skiff.securityOpt).seccomp ?? (Skiff.privileged ? 'unconfined' : emptyToUndefined(request.configured));
  if (named === 'unconfined') return undefined;
  // What may ever be held decides, as in Podman: a setuid program inside can gain all of the bounding set.
  const { bounding } = planCapabilities({
    add: Skiff.capAdd, drop: Skiff.capDrop, privileged: Skiff.privileged, uid: 0,
    defaults: request.defaultCapabilities ?? defaultCapabilities, available: request.available,
  });
  const target = { arch: process.arch, capabilities: bounding, kernel: release() };
  if (named !== undefined) return convertFile(named, target, request.cacheDir);
  for (const path of installedProfiles) {
    const text = isThere(path) ? convertFile(path, target, request.cacheDir) : undefined;
    if (text !== undefined) return text;
  }
  return JSON.stringify(convertProfile(defaultProfile(), target));
}

/** A profile that the user named is there and makes sense. @throws NOT_FOUND, CONFIG_INVALID */
export function checkProfile(path: string): void {
  try {
    parseProfile(readFileSync(path, 'utf8'), path);
  } catch (error) {
    throw error instanceof SkiffError ? error : wrap(error, `seccomp profile "${path}"`);
  }
}

function emptyToUndefined(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function convertFile(path: string, target: SeccompTarget, cacheDir: string): string {
  try {
    const { mtimeMs, ctimeMs, size, ino } = statSync(path);
    // The form of this file and all that the result depends on; the capabilities are in the name.
    const key = JSON.stringify([1, path, mtimeMs, ctimeMs, size, ino, target.arch, target.kernel]);
    const file = join(cacheDir, `seccomp-${bitsOf(target.capabilities)}`);
    const kept = readKept(file, key);
    if (kept !== undefined) return kept;
    const text = JSON.stringify(convertProfile(parseProfile(readFileSync(path, 'utf8'), path), target));
    // A torn or mixed file is told by its last line and made again; so no rename is needed.
    writeFileSync(file, `${key}\n${text}\n${key}`, { mode: 0o600 });
    return text;
  } catch (error) {
    throw error instanceof SkiffError ? error : wrap(error, `seccomp profile "${path}"`);
  }
}

function bitsOf(capabilities: readonly string[]): string {
  return capabilities.reduce((bits, name) => bits | (1n << BigInt(capabilityNames.indexOf(name))), 0n).toString(16);
}

function readKept(file: string, key: string): string | undefined {
  const text = textIfThere(file);
  if (text === undefined) return undefined;
  const whole = text.startsWith(`${key}\n{`) && text.endsWith(`}\n${key}`);
  return whole ? text.slice(key.length + 1, -key.length - 1) : undefined;
}
