/** The OCI runtime of a container or of this command, with the machine's control groups taken into account. */
import { basename } from 'node:path';
import { readCgroups, type CgroupManager, type CgroupWish } from '../host/cgroup/manager.ts';
import { config } from '../host/config/index.ts';
import { isCode } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import { chooseRuntime, stateDirPrefix, type OCIRuntime } from '../runtime/choose.ts';
import { runtimeKnows } from '../runtime/state-files.ts';
import type { Context } from './index.ts';
import type { ContainerRecord } from './model.ts';

/** Who shall make the container's control group: none where it was asked to have none. */
export function cgroupWish(record: Pick<ContainerRecord, 'Skiff'> | undefined): CgroupWish {
  if (record?.Skiff.splitCgroup === true) return 'split';
  return record?.Skiff.noCgroups === true ? 'disabled' : config().cgroupManager;
}

/** The one it was created with; else that of the command line or containers.conf. @throws HELPER_MISSING */
export function runtimeOf(context: Context, record: Pick<ContainerRecord, 'Skiff'> | undefined, manager: CgroupManager = readCgroups(cgroupWish(record)).manager): OCIRuntime {
  return runtimeNamed(context, record?.Skiff.runtime, manager);
}

/**
 * For tidying up: undefined where the runtime is not installed any more and keeps nothing of the container, so that there is
 * nothing to tell it. @throws HELPER_MISSING where it does keep something
 */
export function runtimeToTell(context: Context, record: ContainerRecord): OCIRuntime | undefined {
  try {
    return runtimeOf(context, record);
  } catch (error) {
    if (!isCode(error, 'HELPER_MISSING')) throw error;
    const named = record.Skiff.runtime === '' ? config().runtime : record.Skiff.runtime;
    const names = named === undefined || named === '' ? ['crun', 'runc'] : [basename(named)];
    if (names.some((name) => runtimeKnows(join(context.runtimeDir, `${stateDirPrefix}${name}`), record.ID))) throw error;
    return undefined;
  }
}

/** By the name that a record or a state folder has. @throws HELPER_MISSING */
export function runtimeNamed(context: Context, named: string | undefined, manager: CgroupManager = readCgroups(cgroupWish(undefined)).manager): OCIRuntime {
  const { runtime, runtimes, runtimeFlags } = config();
  const wanted = named === undefined || named === '' ? runtime : named;
  return chooseRuntime({ runtime: wanted, candidates: wanted === undefined ? undefined : runtimes?.[wanted], flags: runtimeFlags, cgroupManager: manager, runtimeDir: context.runtimeDir });
}
