/** What a container gets beyond its record: told without starting it. */
import type { CapabilitySets } from '../../oci/runtime-spec.ts';
import type { ContainerRecord } from '../model.ts';
import { capabilitiesFromHex, defaultCapabilities, planCapabilities } from '../spec/capabilities.ts';
import { planEnv } from '../spec/process.ts';
import type { SpecInput } from '../spec/input.ts';

/** Every capability that a kernel has today. */
const all = capabilitiesFromHex('000001ffffffffff');

export function capabilitiesOf(record: ContainerRecord): CapabilitySets {
  const { capAdd, capDrop, privileged } = record.Skiff;
  const user = record.Config.User.split(':', 1)[0] ?? '';
  const uid = user === '' || user === 'root' || /^0+$/.test(user) ? 0 : 1; // any other user than root gets none unasked
  return planCapabilities({ add: capAdd, drop: capDrop, privileged, uid, defaults: defaultCapabilities, available: all });
}

/** HOME is left out unless image or user set it: it depends on the image's passwd. */
export function environmentOf(record: ContainerRecord): string[] {
  const input: Pick<SpecInput, 'record' | 'user' | 'host'> = {
    record, user: { uid: 0, gid: 0, additionalGids: [], home: '' }, host: { hostname: record.Config.Hostname } as SpecInput['host'],
  };
  return planEnv(input as SpecInput).filter((line) => line !== 'HOME=');
}
