/** `HostConfig` of inspect: the wishes of the command line, by Podman's names. Pure. */
import { goMap, nilList, nilMap } from '../../lib/template.ts';
import type { Rlimit } from '../../oci/runtime-spec.ts';
import type { ContainerRecord, NamespaceMode } from '../model.ts';
import { capabilityChanges } from './derived.ts';
import { bindText, tmpfsText } from './mounts.ts';

/** What the record alone does not tell. */
export interface HostConfigFacts { logPath: string; cgroupManager: string; limits: readonly Rlimit[] }

export function hostConfigView(record: ContainerRecord, facts: HostConfigFacts): Record<string, unknown> {
  const { Skiff: own } = record;
  const { limits } = own;
  const capabilities = capabilityChanges(record);
  return {
    Binds: own.mounts.flatMap(bindText),
    CgroupManager: facts.cgroupManager, CgroupMode: namespaceText(own.cgroupns), ContainerIDFile: own.cidfile ?? '',
    LogConfig: { Type: own.logDriver, Config: nilMap(), Path: facts.logPath, Tag: own.logOptions['tag'] ?? '', Size: own.logOptions['max-size'] ?? '0B' },
    NetworkMode: networkText(record),
    PortBindings: bindings(record),
    RestartPolicy: { Name: own.restart.policy, MaximumRetryCount: own.restart.maxRetries },
    AutoRemove: own.autoRemove, AutoRemoveImage: own.removeImage, Annotations: goMap({ ...own.annotations }), VolumeDriver: '', VolumesFrom: nilList(),
    CapAdd: capabilities.added, CapDrop: capabilities.dropped, Dns: own.dns, DnsOptions: own.dnsOptions, DnsSearch: own.dnsSearch, ExtraHosts: own.addHosts, GroupAdd: own.groupAdd,
    IpcMode: own.ipc.kind === 'shareable' ? 'shareable' : namespaceText(own.ipc), Cgroup: '', Cgroups: own.noCgroups === true ? 'disabled' : own.splitCgroup === true ? 'split' : 'default', Links: nilList(), OomScoreAdj: own.oomScoreAdj ?? 0, PidMode: namespaceText(own.pid),
    Privileged: own.privileged, PublishAllPorts: false, ReadonlyRootfs: own.readOnly, SecurityOpt: own.securityOpt,
    Tmpfs: Object.fromEntries(own.mounts.flatMap((mount) => (mount.kind === 'tmpfs' ? [[mount.destination, tmpfsText(mount)]] : []))),
    UTSMode: namespaceText(own.uts), UsernsMode: own.userns.kind === 'keep-id' ? 'keep-id' : own.userns.kind === 'host' ? 'host' : '', ShmSize: own.shmSizeBytes,
    Runtime: 'oci', ConsoleSize: [0, 0], Isolation: '', CpuShares: limits.cpuShares ?? 0, Memory: limits.memoryBytes ?? 0, NanoCpus: limits.nanoCpus ?? 0, CgroupParent: '',
    BlkioWeight: 0, BlkioWeightDevice: nilList(), BlkioDeviceReadBps: nilList(), BlkioDeviceWriteBps: nilList(), BlkioDeviceReadIOps: nilList(), BlkioDeviceWriteIOps: nilList(),
    CpuPeriod: limits.cpuPeriod ?? 0, CpuQuota: limits.cpuQuota ?? 0, CpuRealtimePeriod: 0, CpuRealtimeRuntime: 0, CpusetCpus: limits.cpusetCpus ?? '', CpusetMems: limits.cpusetMems ?? '',
    Devices: own.devices.map((device) => ({ PathOnHost: device.source, PathInContainer: device.destination, CgroupPermissions: device.permissions })),
    DiskQuota: 0, KernelMemory: 0, MemoryReservation: limits.memoryReservationBytes ?? 0, MemorySwap: limits.memorySwapBytes ?? 0, MemorySwappiness: 0,
    OomKillDisable: false, Init: own.init, PidsLimit: limits.pids ?? 0,
    Ulimits: facts.limits.map(({ type, soft, hard }) => ({ Name: type, Soft: soft, Hard: hard })),
    CpuCount: 0, CpuPercent: 0, IOMaximumIOps: 0, IOMaximumBandwidth: 0, CgroupConf: nilMap(),
  };
}

function namespaceText(mode: NamespaceMode): string {
  switch (mode.kind) {
    case 'container': return `container:${mode.id}`;
    case 'path': return `ns:${mode.path}`;
    default: return mode.kind;
  }
}

function networkText({ Skiff: { network } }: ContainerRecord): string {
  switch (network.kind) {
    case 'container': return `container:${network.id}`;
    case 'path': return `ns:${network.path}`;
    default: return 'options' in network && network.options.length > 0 ? `${network.kind}:${network.options.join(',')}` : network.kind;
  }
}

function bindings({ Skiff: { ports } }: ContainerRecord): Record<string, { HostIp: string; HostPort: string }[]> {
  const result: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of ports) {
    for (let at = 0; at < port.range; at++) {
      (result[`${port.containerPort + at}/${port.protocol}`] ??= []).push({ HostIp: port.hostIP === '' ? '0.0.0.0' : port.hostIP, HostPort: String(port.hostPort + at) });
    }
  }
  return result;
}
