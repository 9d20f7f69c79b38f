/** Namespaces that a container takes from others: of a running container, or at a path. */
import { existsSync } from 'node:fs';
import { SkiffError } from '../../lib/errors.ts';
import type { ContainerID } from '../../oci/ids.ts';
import type { Context } from '../index.ts';
import type { ContainerRecord, NamespaceMode, NetworkMode } from '../model.ts';
import { nameOf, shortID, tryReadRecord } from '../record.ts';
import type { NamespacePaths } from '../spec/input.ts';
import { containerState } from '../state.ts';

const kernelNames = { pid: 'pid', ipc: 'ipc', uts: 'uts', network: 'net', cgroup: 'cgroup' } as const;

/** @throws CONTAINER_STATE where the other container does not run; NOT_FOUND for a path that is none */
export function sharedNamespaces(context: Context, record: ContainerRecord): NamespacePaths {
  const { pid, ipc, uts, cgroupns, network } = record.Skiff;
  const paths: NamespacePaths = {};
  const wishes: [keyof NamespacePaths, NamespaceMode | NetworkMode | { kind: 'shareable' }][] = [['pid', pid], ['ipc', ipc], ['uts', uts], ['cgroup', cgroupns], ['network', network]];
  for (const [type, mode] of wishes) {
    if (mode.kind === 'container') paths[type] = `/proc/${pidOf(context, mode.id, type)}/ns/${kernelNames[type]}`;
    if (mode.kind === 'path') paths[type] = mode.path;
  }
  checkNamespacePaths(record);
  return paths;
}

const shownNames = { pid: 'PID', ipc: 'IPC', uts: 'UTS', network: 'network', cgroupns: 'cgroup' } as const;

/** @throws NOT_FOUND for a path that is none */
export function checkNamespacePaths({ Skiff: own }: ContainerRecord): void {
  for (const name of ['pid', 'ipc', 'uts', 'network', 'cgroupns'] as const) {
    const mode = own[name];
    if (mode.kind === 'path' && !existsSync(mode.path)) throw new SkiffError('NOT_FOUND', `cannot find specified ${shownNames[name]} namespace path: stat ${mode.path}: no such file or directory`);
  }
}

function pidOf(context: Context, id: ContainerID, type: string): number {
  const state = containerState(context, id);
  if (state.status === 'running' || state.status === 'paused') return state.pid;
  const record = tryReadRecord(context, id);
  const name = record === undefined ? shortID(id) : nameOf(record);
  throw new SkiffError('CONTAINER_STATE', `container "${name}" does not run: its ${type} namespace can't be joined: container state improper`, { hint: record === undefined ? undefined : `start it first: skiff start ${name}` });
}
