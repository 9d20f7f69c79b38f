/** The view of a container that `inspect` prints: Podman's keys (5.x), in Podman's order. */
import { existsSync, readFileSync } from 'node:fs';
import { readCgroups } from '../../host/cgroup/manager.ts';
import { isErrno } from '../../lib/errors.ts';
import { GoTime } from '../../lib/go-time.ts';
import { goMap, nilList, nilMap, omitEmpty } from '../../lib/template.ts';
import { join } from '../../lib/paths.ts';
import type { ContainerID } from '../../oci/ids.ts';
import { shownDigest } from '../../image/name-digests.ts';
import type { NetworkAddress } from '../../network/index.ts';
import { layerFiles } from '../../storage/layout.ts';
import type { Context } from '../index.ts';
import { logLoss } from '../log-loss.ts';
import type { ContainerRecord, ContainerState } from '../model.ts';
import { jsonLogName, runDir, runFiles } from '../names.ts';
import { nameOf, readRecord } from '../record.ts';
import { containerSize } from '../size.ts';
import { containerState } from '../state.ts';
import { cgroupWish } from '../runtime-of.ts';
import { capabilitiesOf, environmentOf, limitsOf } from './derived.ts';
import { hostConfigView } from './host-config.ts';
import { mountView } from './mounts.ts';
import { stateView } from './state.ts';

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
  return omitEmpty({ SizeRw: null, SizeRootFs: 0 }, {
    Id: id,
    Created: new GoTime(record.Created),
    Path: record.Path,
    Args: record.Args,
    State: stateView(state, logLoss(context, id)),
    Image: own.imageID.replace(/^sha256:/, ''),
    ImageDigest: own.imageID === '' ? '' : (shownDigest(context.store, own.imageID) ?? ''),
    ImageName: own.imageName,
    Rootfs: '',
    Pod: '',
    ResolvConfPath: started ? record.ResolvConfPath : '',
    HostnamePath: started ? record.HostnamePath : '',
    HostsPath: started && own.noHosts !== true ? record.HostsPath : '',
    StaticDir: folder,
    OCIConfigPath: existsSync(join(runFolder, runFiles.bundle)) ? join(runFolder, runFiles.bundle) : '',
    OCIRuntime: own.runtime === '' ? 'crun' : own.runtime,
    ConmonPidFile: own.conmonPidfile ?? '',
    PidFile: own.pidfile ?? '',
    Name: nameOf(record),
    RestartCount: record.RestartCount,
    Driver: 'overlay',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    EffectiveCaps: filled(capabilities.effective),
    BoundingCaps: filled(capabilities.bounding),
    ExecIDs: [],
    GraphDriver: {
      Name: 'overlay',
      Data: goMap({ UpperDir: join(layout.layerDir(id), layerFiles.diff), WorkDir: join(layout.layerDir(id), layerFiles.work), MergedDir: join(layout.layerDir(id), layerFiles.merged) }),
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
    HostConfig: hostConfigView(record, { logPath: logPath(record, folder), cgroupManager: readCgroups(cgroupWish(record)).manager, limits: limitsOf(record, runFolder) }),
  });
}

function dependencies(record: ContainerRecord): string[] {
  const { pid, ipc, uts, cgroupns, network } = record.Skiff;
  return [...new Set([pid, ipc, uts, cgroupns, network].flatMap((mode) => (mode.kind === 'container' ? [mode.id] : [])))];
}

function networkView(record: ContainerRecord, state: ContainerState, runFolder: string): Record<string, unknown> {
  const addresses = state.status === 'running' ? readAddresses(join(runFolder, runFiles.network)) : [];
  const v4 = addresses.find(({ family }) => family === 4);
  const v6 = addresses.find(({ family }) => family === 6);
  return omitEmpty({ Networks: nilMap() }, {
    EndpointID: '', Gateway: v4?.gateway ?? '', IPAddress: v4?.address ?? '', IPPrefixLen: v4?.prefix ?? 0,
    IPv6Gateway: v6?.gateway ?? '', GlobalIPv6Address: v6?.address ?? '', GlobalIPv6PrefixLen: v6?.prefix ?? 0, MacAddress: '',
    Bridge: '', SandboxID: '', HairpinMode: false, LinkLocalIPv6Address: '', LinkLocalIPv6PrefixLen: 0, Ports: portsView(record), SandboxKey: state.status === 'running' ? netnsPath(record, runFolder) : '',
  });
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
  return omitEmpty({ Healthcheck: null, Timezone: '', ExposedPorts: nilMap() }, {
    Hostname: Config.Hostname, Domainname: Config.Domainname, User: Config.User, AttachStdin: false, AttachStdout: false, AttachStderr: false,
    Tty: Config.Tty, OpenStdin: Config.OpenStdin, StdinOnce: Config.StdinOnce, Env: environmentOf(record), Cmd: Config.Cmd ?? nilList(), Image: own.imageName, Volumes: Config.Volumes ?? nilMap(),
    WorkingDir: Config.WorkingDir === '' ? '/' : Config.WorkingDir, Entrypoint: Config.Entrypoint ?? nilList(), OnBuild: null,
    Labels: mapView(Config.Labels), Annotations: mapView(own.annotations),
    StopSignal: Config.StopSignal ?? 'SIGTERM', HealthcheckOnFailureAction: 'none', CreateCommand: own.createCommand, Umask: own.umask ?? '0022', Timeout: own.timeoutSeconds ?? 0,
    StopTimeout: own.stopTimeoutSeconds, Passwd: own.noPasswd !== true, ...(own.timezone !== undefined && { Timezone: own.timezone }), sdNotifyMode: own.notify === true ? 'conmon' : 'ignore', ...(Config.ExposedPorts !== undefined && { ExposedPorts: Config.ExposedPorts }),
  });
}

function mapView(map: Readonly<Record<string, string>>): object {
  return Object.keys(map).length > 0 ? goMap({ ...map }) : nilMap();
}

function filled(list: readonly string[]): readonly string[] {
  return list.length > 0 ? list : nilList();
}

function logPath(record: ContainerRecord, folder: string): string {
  return record.LogPath !== '' || record.Skiff.logDriver !== 'json-file' ? record.LogPath : join(folder, jsonLogName(record.ID));
}
