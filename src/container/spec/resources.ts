/**
 * Limits in the runtime's words. One that was asked for and can't be enforced is an error, never silence; defaults are applied where
 * the controller is there.
 */
import { checkLimits } from '../../host/cgroup/manager.ts';
import { SkiffError } from '../../lib/errors.ts';
import type { Resources } from '../../oci/runtime-spec.ts';
import type { SkiffRecord } from '../model.ts';
import { cgroupName } from '../names.ts';
import type { SpecInput } from './input.ts';

type Limits = SkiffRecord['limits'];

/** @throws CGROUP_UNAVAILABLE */
export function planResources(input: SpecInput): Resources {
  const { limits } = input.record.Skiff;
  const { cgroup: view, cgroupManager: manager, cgroupControllers: controllers } = input.host;
  checkLimits(limits, { view, manager, controllers });
  const resources: Resources = {};
  const memory = planMemory(limits);
  if (memory !== undefined) resources.memory = memory;
  const cpu = planCpu(limits);
  if (cpu !== undefined) resources.cpu = cpu;
  const enforced = view === 'v2' && manager !== 'disabled' && controllers.includes('pids');
  const pids = limits.pids ?? input.defaultPidsLimit;
  // 0 and below mean no limit, as in the peers
  if (enforced && pids !== undefined && pids > 0) resources.pids = { limit: pids };
  return resources;
}

function planMemory(limits: Limits): Resources['memory'] {
  const { memoryBytes = 0, memorySwapBytes = 0, memoryReservationBytes = 0 } = limits;
  if (memoryBytes === 0 && memorySwapBytes === 0 && memoryReservationBytes === 0) return undefined;
  if (memorySwapBytes > 0 && memoryBytes === 0) throw new SkiffError('USAGE', 'limit --memory-swap: needs --memory as well');
  if (memorySwapBytes > 0 && memorySwapBytes < memoryBytes) throw new SkiffError('USAGE', 'limit --memory-swap: must not be smaller than --memory');
  // OCI's swap is memory and swap together; unset it is twice the memory, as in the peers
  const swap = memorySwapBytes === 0 ? memoryBytes * 2 : memorySwapBytes;
  return {
    ...(memoryBytes > 0 && { limit: memoryBytes }),
    ...(swap !== 0 && { swap }),
    ...(memoryReservationBytes > 0 && { reservation: memoryReservationBytes }),
  };
}

function planCpu(limits: Limits): Resources['cpu'] {
  const { nanoCpus = 0, cpuShares = 0, cpuQuota = 0, cpuPeriod = 0, cpusetCpus = '', cpusetMems = '' } = limits;
  if (nanoCpus > 0 && (cpuQuota !== 0 || cpuPeriod !== 0)) throw new SkiffError('USAGE', 'limit --cpus: may not be used together with --cpu-quota and --cpu-period');
  const period = nanoCpus > 0 ? 100_000 : cpuPeriod;
  const quota = nanoCpus > 0 ? Math.round((nanoCpus * 100_000) / 1e9) : cpuQuota;
  const cpu: NonNullable<Resources['cpu']> = {
    ...(cpuShares > 0 && { shares: cpuShares }),
    ...(quota !== 0 && { quota }),
    ...(period !== 0 && { period }),
    ...(cpusetCpus !== '' && { cpus: cpusetCpus }),
    ...(cpusetMems !== '' && { mems: cpusetMems }),
  };
  return Object.keys(cpu).length === 0 ? undefined : cpu;
}

/** Where the container's cgroup goes; undefined with the disabled manager. */
export function cgroupsPath(input: SpecInput): string | undefined {
  const { cgroupManager, cgroup, ownCgroup } = input.host;
  const id = input.record.ID;
  if (cgroup !== 'v2') return undefined;
  switch (cgroupManager) {
    case 'disabled':
      return undefined;
    case 'systemd':
      return `${input.cgroupParent ?? 'user.slice'}:skiff:${id}`;
    case 'cgroupfs':
      return `${(input.cgroupParent ?? ownCgroup).replace(/\/$/, '')}/${cgroupName(id)}`;
  }
}
