/** The view of a container that `inspect` prints: Podman's keys (5.x), in Podman's order. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../../lib/errors.ts';
import type { ContainerID } from '../../oci/ids.ts';
import { manifestDigests } from '../../image/manifests.ts';
import type { NetworkAddress } from '../../network/index.ts';
import { layerFiles } from '../../storage/layout.ts';
import type { Context } from '../index.ts';
import type { ContainerRecord, ContainerState, Mount } from '../model.ts';
import { jsonLogName, runDir, runFiles } from '../names.ts';
import { nameOf, readRecord } from '../record.ts';
import { containerSize } from '../size.ts';
import { containerState } from '../state.ts';
import { statusWord } from '../filters.ts';
import { capabilitiesOf, environmentOf } from './derived.ts';
import { hostConfigView } from './host-config.ts';

/** Go's zero time. */
const never = '0001-01-01T00:00:00Z';

/** Plain JSON; field names are what `--format` templates use. @throws CONTAINER_UNKNOWN */
export function inspectContainer(context: Context, id: ContainerID, options: { size: boolean }): Record<string, unknown> {
  const record = readRecord(context, id);
  const state = containerState(context, id);
  const { layout } = context.store;
  const folder = layout.container(id);
  const own = record.Skiff;
  const runFolder = runDir(context.runtimeDir, id);
  const started = state.status !== 'created';
  const capabilities = capabilitiesOf(record);
  const size = options.size ? containerSize(context, record) : undefined;
  return {
    Id: id,
    Created: record.Created,
    Path: record.Path,
    Args: record.Args,
    State: stateView(state),
    Image: own.imageID.replace(/^sha256:/, ''),
    ImageDigest: own.imageID === '' ? '' : (manifestDigests(context.store, own.imageID)[0] ?? ''),
    ImageName: own.imageName,
    Rootfs: '',
    Pod: '',
    ResolvConfPath: started ? record.ResolvConfPath : '',
    HostnamePath: started ? record.HostnamePath : '',
    HostsPath: started && own.noHosts !== true ? record.HostsPath : '',
    StaticDir: folder,
    OCIConfigPath: existsSync(join(runFolder, runFiles.bundle)) ? join(runFolder, runFiles.bundle) : '',
    OCIRuntime: own.runtime === '' ? 'crun' : own.runtime,
    ConmonPidFile: '',
    PidFile: own.pidfile ?? '',
    Name: nameOf(record),
    RestartCount: record.RestartCount,
    Driver: 'overlay',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    EffectiveCaps: capabilities.effective,
    BoundingCaps: capabilities.bounding,
    ExecIDs: [],
    GraphDriver: {
      Name: 'overlay',
      Data: { UpperDir: join(layout.layerDir(id), layerFiles.diff), WorkDir: join(layout.layerDir(id), layerFiles.work), MergedDir: join(layout.layerDir(id), layerFiles.merged) },
    },
    ...(size !== undefined && { SizeRw: size.writableBytes, SizeRootFs: size.rootFsBytes }),
    Mounts: own.mounts.filter((mount) => mount.kind !== 'tmpfs').map(mountView),
    Dependencies: dependencies(record),
    NetworkSettings: networkView(record, state, runFolder),
    Namespace: '',
    IsInfra: false,
    IsService: false,
    KubeExitCodePropagation: 'invalid',
    lockNumber: 0,
    Config: configView(record),
    HostConfig: hostConfigView(record, logPath(record, folder)),
  };
}

function stateView(state: ContainerState): Record<string, unknown> {
  const running = state.status === 'running';
  const exited = state.status === 'exited';
  return {
    OciVersion: '1.0.2', Status: statusWord(state), Running: running, Paused: state.status === 'paused', Restarting: false, OOMKilled: exited && state.oomKilled, Dead: false,
    Pid: 'pid' in state ? state.pid : 0, ExitCode: exited ? state.exitCode : 0, Error: '',
    StartedAt: 'startedAt' in state ? state.startedAt : never, FinishedAt: exited ? state.finishedAt : never,
    CgroupPath: '', CheckpointedAt: never, RestoredAt: never,
    ...(exited && state.droppedLogBytes > 0 && { DroppedLogBytes: state.droppedLogBytes }),
  };
}

function mountView(mount: Exclude<Mount, { kind: 'tmpfs' }>): Record<string, unknown> {
  const propagation = mount.options.find((option) => /^r?(?:private|shared|slave|unbindable)$/.test(option)) ?? 'rprivate';
  return {
    Type: mount.kind, ...(mount.kind === 'volume' && { Name: mount.name }), Source: mount.source, Destination: mount.destination,
    Driver: mount.kind === 'volume' ? 'local' : '', Mode: '', Options: mount.options.filter((option) => option !== propagation), RW: !mount.readOnly, Propagation: propagation,
  };
}

function dependencies(record: ContainerRecord): string[] {
  const { pid, ipc, uts, cgroupns, network } = record.Skiff;
  return [...new Set([pid, ipc, uts, cgroupns, network].flatMap((mode) => (mode.kind === 'container' ? [mode.id] : [])))];
}

function networkView(record: ContainerRecord, state: ContainerState, runFolder: string): Record<string, unknown> {
  const addresses = state.status === 'running' ? readAddresses(join(runFolder, runFiles.network)) : [];
  const v4 = addresses.find(({ family }) => family === 4);
  const v6 = addresses.find(({ family }) => family === 6);
  return {
    EndpointID: '', Gateway: v4?.gateway ?? '', IPAddress: v4?.address ?? '', IPPrefixLen: v4?.prefix ?? 0,
    IPv6Gateway: v6?.gateway ?? '', GlobalIPv6Address: v6?.address ?? '', GlobalIPv6PrefixLen: v6?.prefix ?? 0, MacAddress: '',
    Bridge: '', SandboxID: '', HairpinMode: false, LinkLocalIPv6Address: '', LinkLocalIPv6PrefixLen: 0, Ports: portsView(record), SandboxKey: state.status === 'running' ? netnsPath(record, runFolder) : '',
  };
}

function netnsPath(record: ContainerRecord, runFolder: string): string {
  const { kind } = record.Skiff.network;
  return kind === 'pasta' || kind === 'slirp4netns' ? join(runFolder, runFiles.netns) : '';
}

/** As Docker has it: "80/tcp" -> where it is published, null where it is only exposed. */
export function portsView(record: ContainerRecord): Record<string, { HostIp: string; HostPort: string }[] | null> {
  const ports: Record<string, { HostIp: string; HostPort: string }[] | null> = {};
  for (const key of Object.keys(record.Config.ExposedPorts ?? {})) ports[key] = null;
  for (const port of record.Skiff.ports) {
    for (let at = 0; at < port.range; at++) {
      const key = `${port.containerPort + at}/${port.protocol}`;
      (ports[key] ??= []).push({ HostIp: port.hostIP === '' ? '0.0.0.0' : port.hostIP, HostPort: String(port.hostPort + at) });
    }
  }
  return ports;
}

function readAddresses(path: string): NetworkAddress[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as NetworkAddress[];
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

function configView(record: ContainerRecord): Record<string, unknown> {
  const { Config, Skiff: own } = record;
  return {
    Hostname: Config.Hostname, Domainname: Config.Domainname, User: Config.User, AttachStdin: false, AttachStdout: false, AttachStderr: false,
    Tty: Config.Tty, OpenStdin: Config.OpenStdin, StdinOnce: Config.StdinOnce, Env: environmentOf(record), Cmd: Config.Cmd, Image: own.imageName, Volumes: Config.Volumes,
    WorkingDir: Config.WorkingDir === '' ? '/' : Config.WorkingDir, Entrypoint: Config.Entrypoint, OnBuild: null,
    Labels: Object.keys(Config.Labels).length > 0 ? Config.Labels : null, Annotations: Object.keys(own.annotations).length > 0 ? own.annotations : null,
    StopSignal: Config.StopSignal ?? 'SIGTERM', HealthcheckOnFailureAction: 'none', CreateCommand: own.createCommand, Umask: own.umask ?? '0022', Timeout: own.timeoutSeconds ?? 0,
    StopTimeout: own.stopTimeoutSeconds, Passwd: own.noPasswd !== true, ...(own.timezone !== undefined && { Timezone: own.timezone }), sdNotifyMode: 'ignore', ...(Config.ExposedPorts !== undefined && { ExposedPorts: Config.ExposedPorts }),
  };
}

function logPath(record: ContainerRecord, folder: string): string {
  return record.LogPath !== '' || record.Skiff.logDriver !== 'json-file' ? record.LogPath : join(folder, jsonLogName(record.ID));
}
