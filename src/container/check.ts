/** What this host can't do is refused when the container is made, not when it starts. */
import { existsSync } from 'node:fs';
import { checkLimits, readCgroups } from '../host/cgroup/manager.ts';
import { SkiffError } from '../lib/errors.ts';
import type { ContainerRecord } from './model.ts';
import { cgroupWish } from './runtime-of.ts';
import { capabilityNames, planCapabilities } from './spec/capabilities.ts';
import { planCwd } from './spec/process.ts';
import { parseSecurityOptions } from './spec/security.ts';
import { zoneFile } from './timezone.ts';

/** @throws CGROUP_UNAVAILABLE UNSUPPORTED USAGE */
export function checkContainer(record: ContainerRecord): void {
  const { Skiff: own } = record;
  if (Object.keys(own.limits).length > 0) checkLimits(own.limits, readCgroups(cgroupWish(record)));
  parseSecurityOptions(own.securityOpt);
  planCapabilities({ add: own.capAdd, drop: own.capDrop, privileged: own.privileged, uid: 0, defaults: [], available: capabilityNames });
  planCwd(record.Config.WorkingDir);
  if (own.timezone !== undefined) zoneFile(own.timezone);
  if (own.initPath !== undefined && !existsSync(own.initPath)) throw new SkiffError('NOT_FOUND', `container-init binary not found on the host: stat ${own.initPath}: no such file or directory`);
}
