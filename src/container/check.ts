/**
 * What no start of a container could do is refused when it is made: before anything is changed, and before somebody counts on it. A start
 * looks again where the machine may have changed meanwhile.
 */
import { existsSync, statSync } from 'node:fs';
import { checkLimits, checkManager, readCgroups } from '../host/cgroup/manager.ts';
import { isErrno, SkiffError, wrap } from '../lib/errors.ts';
import { log } from '../lib/log.ts';
import { driverFor } from '../network/driver.ts';
import { findHostUsers } from './launch/host-users.ts';
import { checkNamespacePaths } from './launch/shared-namespaces.ts';
import { checkBindSources } from './launch/sources.ts';
import type { ContainerRecord } from './model.ts';
import { cgroupWish } from './runtime-of.ts';
import { capabilityNames, planCapabilities } from './spec/capabilities.ts';
import { readSecurityModules } from './spec/facts.ts';
import { checkUserMounts } from './spec/mounts.ts';
import { planCwd } from './spec/process.ts';
import { checkProfile } from './spec/seccomp-source.ts';
import { parseSecurityOptions } from './spec/security.ts';
import { checkSysctls } from './spec/sysctls.ts';
import { zoneFile } from './timezone.ts';

/** @throws CGROUP_UNAVAILABLE UNSUPPORTED USAGE NOT_FOUND CONFIG_INVALID */
export function checkContainer(record: ContainerRecord): void {
  const { Skiff: own } = record;
  checkCgroups(record);
  checkSecurity(own.securityOpt);
  planCapabilities({ add: own.capAdd, drop: own.capDrop, privileged: own.privileged, uid: 0, defaults: [], available: capabilityNames });
  planCwd(record.Config.WorkingDir);
  checkUserMounts(own.mounts);
  checkBindSources(record);
  checkDevices(own.devices);
  checkNamespacePaths(record);
  checkSysctls(record);
  if ('options' in own.network) driverFor(own.network.kind).checkOptions?.(own.network.options);
  findHostUsers(own.hostUsers ?? []);
  if (own.logDriver === 'journald') checkJournal();
  if (own.timezone !== undefined) zoneFile(own.timezone);
  if (own.initPath !== undefined && !existsSync(own.initPath)) throw new SkiffError('NOT_FOUND', `container-init binary not found on the host: stat ${own.initPath}: no such file or directory`);
}

/** Without a wish for limits or a manager there is nothing to look at: what the host has is used. */
function checkCgroups(record: ContainerRecord): void {
  const { limits } = record.Skiff;
  const limited = Object.keys(limits).length > 0;
  const wish = cgroupWish(record);
  if (!limited && wish !== 'cgroupfs' && wish !== 'split') return;
  const cgroups = readCgroups(wish);
  checkManager(cgroups);
  if (!limited) return;
  checkLimits(limits, cgroups);
  if (wish === 'cgroupfs' && cgroups.systemd) log.warn('systemd owns the cgroup that the limits are set in and may take them away again: the cgroup manager "systemd" or --cgroups=split keeps them');
}

/** A security option that this machine would not heed must not vanish. */
function checkSecurity(texts: readonly string[]): void {
  if (texts.length === 0) return; // and the machine need not be looked at
  const { apparmor, labels, seccomp } = parseSecurityOptions(texts);
  const modules = readSecurityModules();
  if (apparmor !== undefined && apparmor !== 'unconfined' && !modules.apparmor) {
    throw new SkiffError('UNSUPPORTED', `apparmor profile ${JSON.stringify(apparmor)} specified, but Apparmor is not enabled on this system`);
  }
  // Without SELinux there is nothing that a label could change.
  if (labels[0] !== undefined && modules.selinux) throw new SkiffError('UNSUPPORTED', `security option "label=${labels[0]}": containers get no SELinux label of their own`);
  if (seccomp !== undefined && seccomp !== 'unconfined') checkProfile(seccomp);
}

/** A device, or a folder of devices. */
function checkDevices(devices: ContainerRecord['Skiff']['devices']): void {
  for (const { source } of devices) {
    let stat;
    try {
      stat = statSync(source);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) throw new SkiffError('NOT_FOUND', `stat ${source}: no such file or directory`);
      throw wrap(error, `--device ${JSON.stringify(source)}`);
    }
    if (!stat.isCharacterDevice() && !stat.isBlockDevice() && !stat.isDirectory()) throw new SkiffError('USAGE', `${source} is not a valid device: not a device node`);
  }
}

/** The monitor writes to it (helpers/monitor/log-journald.c). */
const journalSocket = '/run/systemd/journal/socket';

function checkJournal(): void {
  if (existsSync(journalSocket)) return;
  throw new SkiffError('UNSUPPORTED', `log driver "journald": ${journalSocket} is not there: no systemd journal runs on this machine`, { hint: 'use --log-driver json-file' });
}
