/**
 * Kernel parameters of a container: only those that its own namespaces hold.
 */
import { SkiffError } from '../../lib/errors.ts';
import type { ContainerRecord } from '../model.ts';
import type { SpecInput } from './input.ts';
import type { UsernsPlan } from './userns.ts';

const ipcNames = ['kernel.msgmax', 'kernel.msgmnb', 'kernel.msgmni', 'kernel.sem', 'kernel.shmall', 'kernel.shmmax', 'kernel.shmmni', 'kernel.shm_rmid_forced'];

/** Lets the container's root ping without raw sockets: Podman's default_sysctls where containers.conf has none. */
const builtIn: Readonly<Record<string, string>> = { 'net.ipv4.ping_group_range': '0 0' };

/**
 * The record's parameters over containers.conf's, or ours where that has none. A default that this container's namespaces can't take is left out; one
 * that was asked for is refused. @throws USAGE
 */
export function planSysctls(input: SpecInput, userns: UsernsPlan): Record<string, string> {
  const result: Record<string, string> = {};
  // Its owner writes it; in a nested namespace that joins a network made outside, nobody inside can.
  const network = userns.nested === undefined || input.record.Skiff.network.kind === 'none' || input.deferredNetwork === true;
  for (const [name, value] of Object.entries(input.defaultSysctls ?? builtIn)) {
    const ownNetwork = network && input.record.Skiff.network.kind !== 'container' && input.record.Skiff.network.kind !== 'path';
    if (refusal(name, input.record) === undefined && (!isNetwork(name) || ownNetwork)) result[name] = value;
  }
  for (const [written, value] of Object.entries(input.record.Skiff.sysctls)) {
    result[checkedName(written, input.record)] = value;
  }
  return result;
}

/** What no start of the container could set. @throws USAGE */
export function checkSysctls(record: ContainerRecord): void {
  for (const written of Object.keys(record.Skiff.sysctls)) checkedName(written, record);
}

function checkedName(written: string, record: ContainerRecord): string {
  const name = written.replaceAll('/', '.'); // sysctl(8) takes slashes for dots
  const why = refusal(name, record);
  if (why !== undefined) throw new SkiffError('USAGE', `sysctl ${JSON.stringify(written)}: ${why}`);
  return name;
}

function isNetwork(name: string): boolean {
  return name.startsWith('net.');
}

function refusal(name: string, record: ContainerRecord): string | undefined {
  const { network, ipc, uts } = record.Skiff;
  if (name.includes('..') || name.startsWith('.') || !/^[\w.*-]+$/.test(name)) return 'not the name of a kernel parameter';
  if (isNetwork(name)) return network.kind === 'host' ? "can't be set together with the host's network" : undefined;
  if (ipcNames.includes(name) || name.startsWith('fs.mqueue.')) return ipc.kind === 'host' ? "can't be set together with the host's IPC namespace" : undefined;
  if (name === 'kernel.domainname' || name === 'kernel.hostname') return uts.kind === 'host' ? "can't be set together with the host's UTS namespace" : undefined;
  return 'it belongs to the whole machine, not to a container';
}
