/** The OCI runtime of a container or of this command, with the machine's control groups taken into account. */
import { readCgroups, type CgroupManager } from '../host/cgroup/manager.ts';
import { config } from '../host/config/index.ts';
import { chooseRuntime, type OCIRuntime } from '../runtime/choose.ts';
import type { Context } from './index.ts';
import type { ContainerRecord } from './model.ts';

/** Who shall make the container's control group: none where it was asked to have none. */
export function cgroupWish(record: Pick<ContainerRecord, 'Skiff'> | undefined): CgroupManager | 'auto' {
  return record?.Skiff.noCgroups === true ? 'disabled' : config().cgroupManager;
}

/** The one it was created with; else that of the command line or containers.conf. @throws HELPER_MISSING */
export function runtimeOf(context: Context, record: Pick<ContainerRecord, 'Skiff'> | undefined, manager: CgroupManager = readCgroups(cgroupWish(record)).manager): OCIRuntime {
  return runtimeNamed(context, record?.Skiff.runtime, manager);
}

/** By the name that a record or a state folder has. @throws HELPER_MISSING */
export function runtimeNamed(context: Context, named: string | undefined, manager: CgroupManager = readCgroups(cgroupWish(undefined)).manager): OCIRuntime {
  const { runtime, runtimes, runtimeFlags } = config();
  const wanted = named === undefined || named === '' ? runtime : named;
  return chooseRuntime({ runtime: wanted, candidates: wanted === undefined ? undefined : runtimes?.[wanted], flags: runtimeFlags, cgroupManager: manager, runtimeDir: context.runtimeDir });
}
