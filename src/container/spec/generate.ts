/**
 * config.json from a container's record: pure, the same bytes for the same input.
 *
 * Image labels and annotations are not read here: nothing of `record.Config.Labels` reaches the runtime, whose annotations steer it
 * (run.oci.handler, hooks ...). Annotations are the user's own, from the command line.
 */
import type { Linux, Process, RuntimeSpec } from '../../oci/runtime-spec.ts';
import { defaultCapabilities, planCapabilities } from './capabilities.ts';
import type { SpecInput } from './input.ts';
import { planMounts } from './mounts.ts';
import { planNamespaces } from './namespaces.ts';
import { planPaths } from './paths.ts';
import { planArgs, planCwd, planEnv, planRlimits } from './process.ts';
import { cgroupsPath, planResources } from './resources.ts';
import { parseSecurityOptions, type SecurityOptions } from './security.ts';
import { planSysctls } from './sysctls.ts';
import { checkMapped, planUserns, type UsernsPlan } from './userns.ts';

/** All but the seccomp profile, which serializeSpec() puts in. @throws USAGE, UNSUPPORTED, CGROUP_UNAVAILABLE for requests that can't be fulfilled */
export function generateSpec(input: SpecInput): RuntimeSpec {
  const { record } = input;
  const security = parseSecurityOptions(record.Skiff.securityOpt);
  const userns = planUserns(record.Skiff.userns, input.host);
  const annotations = planAnnotations(input);
  return {
    ociVersion: '1.0.2',
    process: planProcess(input, security, userns),
    root: { path: input.rootfs, readonly: record.Skiff.readOnly },
    ...(record.Skiff.uts.kind === 'private' && { hostname: record.Config.Hostname }),
    ...(record.Skiff.uts.kind === 'private' && record.Config.Domainname !== '' && { domainname: record.Config.Domainname }),
    mounts: planMounts(input, security, userns),
    ...(Object.keys(annotations).length > 0 && { annotations }),
    linux: planLinux(input, security, userns),
  };
}

function planProcess(input: SpecInput, security: SecurityOptions, userns: UsernsPlan): Process {
  const { record, host, user } = input;
  // With the invoking user's own groups kept, setgroups(2) is not called at all.
  const additionalGids = record.Skiff.groupAdd.includes('keep-groups') ? [] : user.additionalGids;
  checkMapped('user', user.uid, userns, host.uidMap);
  for (const gid of [user.gid, ...additionalGids]) checkMapped('group', gid, userns, host.gidMap);
  return {
    terminal: record.Config.Tty,
    ...(record.Config.Tty && input.consoleSize !== undefined && { consoleSize: { height: input.consoleSize.rows, width: input.consoleSize.columns } }),
    cwd: planCwd(record.Config.WorkingDir),
    env: planEnv(input),
    args: planArgs(input),
    user: { uid: user.uid, gid: user.gid, umask: input.umask ?? 0o022, ...(additionalGids.length > 0 && { additionalGids }) },
    capabilities: planCapabilities({
      add: record.Skiff.capAdd, drop: record.Skiff.capDrop, privileged: record.Skiff.privileged, uid: user.uid,
      defaults: input.defaultCapabilities ?? defaultCapabilities, available: host.capabilities,
    }),
    rlimits: planRlimits(input),
    noNewPrivileges: security.noNewPrivileges,
    ...(record.Skiff.oomScoreAdj !== undefined && { oomScoreAdj: record.Skiff.oomScoreAdj }),
    ...(host.apparmor && security.apparmor !== undefined && security.apparmor !== 'unconfined' && { apparmorProfile: security.apparmor }),
  };
}

function planLinux(input: SpecInput, security: SecurityOptions, userns: UsernsPlan): Linux {
  const { record } = input;
  const path = cgroupsPath(input);
  // With the host's /sys bound, kernel interfaces that a container's own sysfs would not show are hidden.
  const extraMasked = record.Skiff.network.kind === 'host' ? ['/sys/kernel'] : [];
  const paths = record.Skiff.privileged ? { masked: security.mask, readonly: [] } : planPaths(security.mask, security.unmask, extraMasked);
  const propagation = rootPropagation(input);
  return {
    ...userns.nested,
    sysctl: planSysctls(input, userns),
    resources: planResources(input),
    ...(path !== undefined && { cgroupsPath: path }),
    namespaces: planNamespaces(input, userns),
    ...(propagation !== undefined && { rootfsPropagation: propagation }),
    maskedPaths: paths.masked,
    readonlyPaths: paths.readonly,
    ...(record.Skiff.personality !== undefined && { personality: { domain: record.Skiff.personality } }),
  };
}

/** A mount inside can pass events outwards or inwards only where the root's own propagation lets it. */
function rootPropagation(input: SpecInput): string | undefined {
  const options = new Set(input.record.Skiff.mounts.flatMap((mount) => mount.options));
  if (options.has('shared') || options.has('rshared')) return 'shared';
  if (options.has('slave') || options.has('rslave')) return 'rslave';
  return undefined;
}

function planAnnotations(input: SpecInput): Record<string, string> {
  const { annotations, groupAdd } = input.record.Skiff;
  // crun's name for it; the group list of the invoking user is kept instead of being set
  return groupAdd.includes('keep-groups') ? { ...annotations, 'run.oci.keep_original_groups': '1' } : annotations;
}
