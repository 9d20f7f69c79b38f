/** What `info` tells, in Podman's shape: the keys are those of its JSON; goNames() gives the field names of its templates. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { defaultCapabilities } from '../../../container/spec/capabilities.ts';
import { allContainers } from '../../../container/summary.ts';
import { readCgroups } from '../../../host/cgroup/manager.ts';
import { filesystemName } from '../../../host/checks/filesystems.ts';
import { config } from '../../../host/config/index.ts';
import { helperPath } from '../../../host/helpers.ts';
import { filesystemSpace, machine, programVersion } from '../../../host/machine.ts';
import { overlayDriver } from '../../../host/overlay-probe.ts';
import { session } from '../../../host/session.ts';
import { parseIDMap } from '../../../host/userns/id-map.ts';
import { formatDuration } from '../../../lib/units.ts';
import { goArchitecture } from '../../../oci/platform.ts';
import { listImages } from '../../../storage/imagedb.ts';
import { openStore } from '../../../storage/store.ts';
import { version } from '../../../lib/version.ts';
import { versionReport } from './version.run.ts';

export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };
export type Report = { readonly [key: string]: Plain };

export function infoReport(): Report {
  return { host: hostReport(), store: storeReport(), registries: {}, plugins: pluginReport, version: versionReport().Client };
}

/** What this version can do; Podman lists its drivers in the same places. */
const pluginReport: Report = {
  volume: ['local'], network: ['none', 'host', 'pasta', 'slirp4netns'], log: ['json-file', 'k8s-file', 'journald', 'none', 'passthrough'], authorization: null,
};

function hostReport(): Report {
  const facts = machine();
  const cgroups = readCgroups(config().cgroupManager);
  const { runtimeDir } = config();
  return {
    arch: goArchitecture(process.arch), cgroupManager: cgroups.manager,
    conmon: { package: '', path: helperPath('skiff-monitor'), version: `skiff-monitor ${version}` },
    cgroupVersion: session().cgroup === 'v2' ? 'v2' : 'v1', cgroupControllers: [...cgroups.controllers],
    cpuUtilization: facts.cpuUtilization, cpus: facts.cpus, distribution: facts.distribution, eventLogger: 'none', hostname: facts.hostname,
    idMappings: { gidmap: idMapping('gid'), uidmap: idMapping('uid') }, kernel: facts.kernel, linkmode: 'dynamic', logDriver: config().logDriver ?? 'json-file',
    memFree: facts.memFreeBytes, memTotal: facts.memTotalBytes, networkBackend: 'pasta', ociRuntime: runtimeReport(), os: 'linux',
    pasta: helperReport('pasta'), remoteSocket: { path: `${runtimeDir}/skiff.sock`, exists: false }, rootlessNetworkCmd: config().rootlessNetworkCmd ?? 'pasta',
    security: {
      apparmorEnabled: readsAs('/sys/module/apparmor/parameters/enabled', 'Y'), capabilities: defaultCapabilities.join(','), rootless: true,
      seccompEnabled: existsSync('/proc/sys/kernel/seccomp'), seccompProfilePath: config().seccompProfile ?? 'default',
      selinuxEnabled: existsSync('/sys/fs/selinux/enforce'),
    },
    serviceIsRemote: false, slirp4netns: helperReport('slirp4netns'), swapFree: facts.swapFreeBytes, swapTotal: facts.swapTotalBytes,
    uptime: formatDuration(Math.round(facts.uptimeSeconds) * 1000), variant: '',
  };
}

function storeReport(): Report {
  const { root, runtimeDir } = config();
  const store = openStore(root);
  const containers = allContainers({ store, runtimeDir });
  const count = (...states: string[]): number => containers.filter((container) => states.includes(container.state.status)).length;
  const space = filesystemSpace(nearest(root));
  return {
    configFile: '', containerStore: { number: containers.length, paused: count('paused'), running: count('running'), stopped: count('created', 'starting', 'exited') },
    graphDriverName: 'overlay', graphOptions: {}, graphRoot: root, graphRootAllocated: Number(space.blocks * BigInt(space.bsize)),
    graphRootUsed: Number((space.blocks - space.bfree) * BigInt(space.bsize)),
    graphStatus: {
      'Backing Filesystem': filesystemName(space.type) ?? `0x${space.type.toString(16)}`, 'Native Overlay Diff': String(nativeOverlay(root)), 'Supports d_type': 'true',
      'Using metacopy': 'false',
    },
    imageCopyTmpDir: process.env['TMPDIR'] ?? '/var/tmp', imageStore: { number: listImages(store).length }, runRoot: runtimeDir, transientStore: false, volumePath: `${root}/volumes`,
  };
}

function idMapping(kind: 'uid' | 'gid'): Plain {
  if (session().userns.kind !== 'entered') return null;
  return parseIDMap(readFileSync(`/proc/self/${kind}_map`, 'utf8')).map((range) => ({ container_id: range.inside, host_id: range.outside, size: range.size }));
}

function runtimeReport(): Report {
  const wanted = config().runtime;
  for (const name of wanted === undefined || wanted === '' ? ['crun', 'runc'] : [wanted]) {
    const found = programVersion(name);
    if (found !== undefined) return { name: basename(name), package: '', path: found.path, version: found.version };
  }
  return { name: wanted ?? '', package: '', path: '', version: '' };
}

function helperReport(name: string): Report {
  const found = programVersion(name);
  return { executable: found?.path ?? '', package: '', version: found?.version ?? '' };
}

function readsAs(path: string, wanted: string): boolean {
  return existsSync(path) && readFileSync(path, 'utf8').trim() === wanted;
}

function nearest(path: string): string {
  return existsSync(path) ? path : nearest(dirname(path));
}

/** Podman's "Native Overlay Diff": the kernel mounts. Only known where mounting can be tried. */
function nativeOverlay(root: string): boolean {
  return session().userns.kind === 'entered' && overlayDriver(nearest(root)) === 'kernel';
}

/** Fields whose Go name is more than the key with a capital. @see podman libpod/define/info.go */
const fieldNames: Readonly<Record<string, string>> = {
  cgroupVersion: 'CgroupsVersion', cpus: 'CPUs', cpuUtilization: 'CPUUtilization', idMappings: 'IDMappings', gidmap: 'GIDMap', uidmap: 'UIDMap',
  ociRuntime: 'OCIRuntime', os: 'OS', slirp4netns: 'Slirp4NetNS', apparmorEnabled: 'AppArmorEnabled', capabilities: 'DefaultCapabilities',
  seccompEnabled: 'SECCOMPEnabled', seccompProfilePath: 'SECCOMPProfilePath', selinuxEnabled: 'SELinuxEnabled', container_id: 'ContainerID', host_id: 'HostID',
};
/** Maps in Podman, not structs: their keys stay. */
const maps: ReadonlySet<string> = new Set(['graphStatus', 'graphOptions', 'registries']);

/** The same data by the names that a template uses: `.Store.GraphRoot`. */
export function goNames(value: Plain): Plain {
  if (Array.isArray(value)) return (value as readonly Plain[]).map((item) => goNames(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [fieldNames[key] ?? key.charAt(0).toUpperCase() + key.slice(1), maps.has(key) ? item : goNames(item)]));
}
