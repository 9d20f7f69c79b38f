/**
 * hostconfig.json, for Docker's eyes only: what its daemon would show of the container and what its restore reads. Pure.
 * skiff itself reads config.v2.json alone.
 *
 * @see moby api/types/container/hostconfig.go (28.x)
 */
import type { ContainerRecord } from './model.ts';

export function dockerHostConfig(record: ContainerRecord): Record<string, unknown> {
  const own = record.Skiff;
  const portBindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of own.ports) {
    for (let at = 0; at < port.range; at++) {
      const key = `${port.containerPort + at}/${port.protocol}`;
      (portBindings[key] ??= []).push({ HostIp: port.hostIP, HostPort: port.hostPort === 0 ? '' : String(port.hostPort + at) });
    }
  }
  return {
    Binds: own.mounts.flatMap((mount) => (mount.kind === 'bind' ? [`${mount.source}:${mount.destination}${mount.readOnly ? ':ro' : ''}`] : [])),
    ContainerIDFile: record.Skiff.cidfile ?? '',
    LogConfig: { Type: own.logDriver === 'json-file' ? 'json-file' : 'none', Config: {} },
    NetworkMode: own.network.kind === 'host' || own.network.kind === 'none' ? own.network.kind : 'none',
    PortBindings: portBindings,
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    AutoRemove: false,
    VolumeDriver: '',
    VolumesFrom: null,
    ConsoleSize: [0, 0],
    CapAdd: own.capAdd.length > 0 ? own.capAdd : null,
    CapDrop: own.capDrop.length > 0 ? own.capDrop : null,
    CgroupnsMode: 'private',
    Dns: own.dns, DnsOptions: own.dnsOptions, DnsSearch: own.dnsSearch,
    ExtraHosts: own.addHosts.length > 0 ? own.addHosts : null,
    GroupAdd: own.groupAdd.length > 0 ? own.groupAdd : null,
    IpcMode: 'private', Cgroup: '', Links: null, OomScoreAdj: 0, PidMode: '',
    Privileged: own.privileged,
    PublishAllPorts: false,
    ReadonlyRootfs: own.readOnly,
    SecurityOpt: own.securityOpt.length > 0 ? own.securityOpt : null,
    UTSMode: '', UsernsMode: '',
    ShmSize: own.shmSizeBytes,
    Runtime: 'runc',
    Isolation: '',
    Memory: own.limits.memoryBytes ?? 0,
    NanoCpus: own.limits.nanoCpus ?? 0,
    Init: own.init,
  };
}
