/** What a container gets beyond its record: told without starting it. */
import { readFileSync } from 'node:fs';
import { config } from '../../host/config/index.ts';
import { textIfThere } from '../../host/if-there.ts';
import { isCode } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import type { CapabilitySets, Rlimit } from '../../oci/runtime-spec.ts';
import type { ContainerRecord } from '../model.ts';
import { capabilitiesFromHex, defaultCapabilities, planCapabilities } from '../spec/capabilities.ts';
import { runFiles } from '../names.ts';
import { parseLimit } from '../spec/facts.ts';
import { planEnv, planRlimits, toRlimit, unlimitedValue } from '../spec/process.ts';
import type { SpecInput } from '../spec/input.ts';

/** Every capability that a kernel has today. */
const all = capabilitiesFromHex('000001ffffffffff');

export function capabilitiesOf(record: ContainerRecord): CapabilitySets {
  const { capAdd, capDrop, privileged } = record.Skiff;
  const user = record.Config.User.split(':', 1)[0] ?? '';
  const uid = user === '' || user === 'root' || /^0+$/.test(user) ? 0 : 1; // any other user than root gets none unasked
  return planCapabilities({ add: capAdd, drop: capDrop, privileged, uid, defaults: defaultCapabilities, available: all });
}

/**
 * What the OCI tools give a container that says nothing: Podman tells CapAdd and CapDrop by the difference to these, not to
 * its own defaults.
 */
const ofTheTools: readonly string[] = [...defaultCapabilities, 'CAP_AUDIT_WRITE', 'CAP_MKNOD', 'CAP_NET_RAW'];

/** HostConfig's CapAdd and CapDrop, sorted; a privileged container has neither. */
export function capabilityChanges(record: ContainerRecord): { added: string[]; dropped: string[] } {
  if (record.Skiff.privileged) return { added: [], dropped: [] };
  const { bounding } = capabilitiesOf(record);
  return { added: bounding.filter((name) => !ofTheTools.includes(name)).toSorted(), dropped: ofTheTools.filter((name) => !bounding.includes(name)).toSorted() };
}

/** The limits of the run that there is, or was; else those that a start by this user would give. -1 is unlimited. */
export function limitsOf(record: ContainerRecord, runFolder: string): Rlimit[] {
  const shown = (value: number): number => (value >= unlimitedValue ? -1 : value);
  return (limitsOfRun(runFolder) ?? plannedLimits(record)).map(({ type, soft, hard }) => ({ type, soft: shown(soft), hard: shown(hard) }));
}

function limitsOfRun(runFolder: string): readonly Rlimit[] | undefined {
  const text = textIfThere(join(runFolder, runFiles.bundle), 'read the bundle');
  try {
    return text === undefined ? undefined : ((JSON.parse(text) as { process?: { rlimits?: Rlimit[] } }).process?.rlimits ?? []);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // being written
    throw error;
  }
}

function plannedLimits(record: ContainerRecord): Rlimit[] {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const host = { rlimits: { nofile: parseLimit(limits, 'Max open files'), nproc: parseLimit(limits, 'Max processes') } };
  try {
    return planRlimits({ record, host, defaultRlimits: config().ulimits?.map(toRlimit) ?? [] } as unknown as SpecInput);
  } catch (error) {
    if (!isCode(error, 'USAGE')) throw error;
    return record.Skiff.ulimits.map(toRlimit); // more than this user may give: what was asked for
  }
}

/** HOME is left out unless image or user set it: it depends on the image's passwd. */
export function environmentOf(record: ContainerRecord): string[] {
  const input: Pick<SpecInput, 'record' | 'user' | 'host'> = {
    record, user: { uid: 0, gid: 0, additionalGids: [], home: '' }, host: { hostname: record.Config.Hostname } as SpecInput['host'],
  };
  return planEnv(input as SpecInput).filter((line) => line !== 'HOME=');
}
