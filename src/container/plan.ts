/**
 * From a request and an image to the record of a container. Pure: the caller has looked up the image and the other
 * containers and hands in the fresh names and times.
 */
import { posix } from 'node:path';
import { SkiffError } from '../lib/errors.ts';
import type { ImageConfig } from '../oci/image-config.ts';
import { chainIDs, type ContainerID, type ImageID } from '../oci/ids.ts';
import type { CreateRequest, MountRequest, NamespaceRequest, NetworkRequest } from './create-request.ts';
import { mergeConfig, processArgs } from './merge-config.ts';
import type { ContainerRecord, Mount, NamespaceMode, NetworkMode } from './model.ts';
import { containerFiles, jsonLogName } from './names.ts';

export interface PlanInput {
  request: CreateRequest;
  image: { id: ImageID; name?: string | undefined; config: ImageConfig };
  id: ContainerID;
  name: string;
  /** RFC 3339, nanoseconds. */
  created: string;
  /** containers/<id> */
  folder: string;
  /** volumes/ */
  volumesDir: string;
  newVolumeName: () => string;
  /** The full id of a container that the request names. */
  containerID: (name: string) => ContainerID;
  /** Mounts of the containers named by --volumes-from. */
  mountsOf: (container: string) => readonly Mount[];
  /** Of this machine. */
  hostName: () => string;
  /** containers.conf or Podman's 10. */
  defaultStopTimeoutSeconds: number;
}

/** @throws USAGE for wishes that contradict each other or the image */
export function planContainer(input: PlanInput): ContainerRecord {
  const { request, image, id, folder } = input;
  const imageName = image.name ?? request.image;
  // In the host's network a name of its own would be one that nobody can resolve.
  const defaultHostname = request.network.kind === 'host' || request.uts.kind === 'host' ? input.hostName() : id.slice(0, 12);
  const config = mergeConfig({ request, image: image.config.config, imageName, defaultHostname });
  const args = processArgs(config);
  const network = networkMode(request.network, input.containerID);
  const diffIDs = image.config.rootfs.diff_ids;
  return {
    ID: id,
    Name: `/${input.name}`,
    Created: input.created,
    Path: args[0] ?? '',
    Args: args.slice(1),
    Config: config,
    Image: image.id,
    Driver: 'overlay2',
    OS: 'linux',
    MountPoints: {},
    LogPath: logPath(request.logDriver, request.logOptions, folder, id),
    HostnamePath: posix.join(folder, containerFiles.hostname),
    HostsPath: posix.join(folder, containerFiles.hosts),
    ResolvConfPath: posix.join(folder, containerFiles.resolvConf),
    RestartCount: 0,
    State: {},
    NetworkSettings: {},
    Skiff: {
      version: 1,
      createCommand: [...request.createCommand],
      imageID: image.id,
      imageName,
      topLayer: chainIDs(diffIDs).at(-1) ?? '',
      network,
      ports: [...request.ports, ...(request.publishAll ? publishAll(config.ExposedPorts ?? {}, request) : [])],
      pid: namespaceMode(request.pid, input.containerID),
      ipc: request.ipc.kind === 'shareable' ? request.ipc : namespaceMode(request.ipc, input.containerID),
      uts: namespaceMode(request.uts, input.containerID),
      cgroupns: namespaceMode(request.cgroupns, input.containerID),
      userns: request.userns,
      mounts: planMounts(input),
      capAdd: [...request.capAdd],
      capDrop: [...request.capDrop],
      privileged: request.privileged,
      securityOpt: [...request.securityOpt],
      readOnly: request.readOnly,
      readOnlyTmpfs: request.readOnlyTmpfs,
      init: request.init,
      autoRemove: request.autoRemove,
      removeImage: request.removeImage,
      logDriver: request.logDriver,
      logOptions: { ...request.logOptions },
      shmSizeBytes: request.shmSizeBytes ?? 65_536_000,
      groupAdd: [...request.groupAdd],
      addHosts: [...request.addHosts],
      dns: [...request.dns],
      dnsSearch: [...request.dnsSearch],
      dnsOptions: [...request.dnsOptions],
      ulimits: [...request.ulimits],
      sysctls: { ...request.sysctls },
      devices: [...request.devices],
      annotations: { ...request.annotations },
      limits: { ...request.limits },
      stopTimeoutSeconds: request.stopTimeoutSeconds ?? image.config.config.StopTimeout ?? input.defaultStopTimeoutSeconds,
      restart: request.restart,
      runtime: request.runtime,
      ...(request.umask === undefined ? {} : { umask: request.umask }),
      ...(request.timezone === undefined ? {} : { timezone: request.timezone }),
      ...(request.passwd ? {} : { noPasswd: true }),
      ...(request.passwdEntry === undefined ? {} : { passwdEntry: request.passwdEntry }),
      ...(request.hostUsers.length === 0 ? {} : { hostUsers: [...request.hostUsers] }),
      ...(request.oomScoreAdj === undefined ? {} : { oomScoreAdj: request.oomScoreAdj }),
      ...(request.personality === undefined ? {} : { personality: request.personality }),
      ...(request.initPath === undefined ? {} : { initPath: request.initPath }),
      ...(request.cgroups === 'disabled' ? { noCgroups: true } : request.cgroups === 'split' ? { splitCgroup: true } : {}),
      ...(request.timeoutSeconds === undefined ? {} : { timeoutSeconds: request.timeoutSeconds }),
      ...(request.noHosts ? { noHosts: true } : {}),
      ...(request.pidfile === undefined ? {} : { pidfile: request.pidfile }),
      ...(request.cidfile === undefined ? {} : { cidfile: request.cidfile }),
      ...(request.conmonPidfile === undefined ? {} : { conmonPidfile: request.conmonPidfile }),
      ...(request.notify ? { notify: true } : {}),
      ...(request.workdir !== undefined && request.workdir !== image.config.config.WorkingDir ? { ownWorkdir: true } : {}),
    },
  };
}

function logPath(driver: CreateRequest['logDriver'], options: Readonly<Record<string, string>>, folder: string, id: ContainerID): string {
  if (driver === 'json-file') return options['path'] ?? posix.join(folder, jsonLogName(id));
  if (driver === 'k8s-file') return options['path'] ?? posix.join(folder, containerFiles.k8sLog);
  return '';
}

/** Later wishes win over earlier ones at the same place, the user's over containers.conf's and the image's, never twice the same place. */
function planMounts(input: PlanInput): Mount[] {
  const { request } = input;
  const byPlace = new Map<string, Mount>();
  for (const wish of request.defaultMounts) {
    const destination = cleanDestination(wish.destination);
    byPlace.set(destination, toMount({ ...wish, destination }, input));
  }
  for (const from of request.volumesFrom) {
    for (const mount of input.mountsOf(from.container)) byPlace.set(mount.destination, { ...mount, readOnly: mount.readOnly || from.readOnly });
  }
  const asked = new Map<string, MountRequest>();
  for (const wish of request.mounts) {
    const destination = cleanDestination(wish.destination);
    const before = asked.get(destination);
    // The same once more is no contradiction, as in Podman.
    if (before !== undefined && JSON.stringify(before) === JSON.stringify({ ...wish, destination })) continue;
    if (before !== undefined) throw new SkiffError('USAGE', `${destination}: duplicate mount destination`);
    asked.set(destination, { ...wish, destination });
    byPlace.set(destination, toMount({ ...wish, destination }, input));
  }
  for (const place of Object.keys(input.image.config.config.Volumes ?? {})) {
    const destination = cleanDestination(place);
    if (byPlace.has(destination) || request.imageVolumes === 'ignore') continue;
    byPlace.set(destination, request.imageVolumes === 'tmpfs'
      ? { kind: 'tmpfs', destination, readOnly: false, options: ['rprivate', 'rw', 'nodev', 'exec'] }
      : toMount({ kind: 'volume', name: '', destination, readOnly: false, options: [] }, input));
  }
  // Parents before children, so that none hides another.
  return [...byPlace.values()].toSorted((a, b) => depth(a.destination) - depth(b.destination));
}

function depth(path: string): number {
  return path === '/' ? 0 : path.split('/').length;
}

function cleanDestination(path: string): string {
  if (!path.startsWith('/')) throw new SkiffError('USAGE', `invalid container path ${JSON.stringify(path)}, must be an absolute path`);
  const clean = posix.normalize(path).replace(/(.)\/$/, '$1');
  if (clean === '/') throw new SkiffError('USAGE', 'invalid container path "/", must not be the root directory');
  return clean;
}

function toMount(wish: MountRequest, input: PlanInput): Mount {
  switch (wish.kind) {
    case 'bind': return { kind: 'bind', source: wish.source, destination: wish.destination, readOnly: wish.readOnly, options: wish.options };
    case 'tmpfs': return { kind: 'tmpfs', destination: wish.destination, readOnly: wish.readOnly, options: wish.options };
    case 'volume': {
      const anonymous = wish.name === '';
      const name = anonymous ? input.newVolumeName() : wish.name;
      return {
        kind: 'volume', name, source: posix.join(input.volumesDir, name, '_data'), destination: wish.destination, readOnly: wish.readOnly, anonymous, options: wish.options,
      };
    }
  }
}

function publishAll(exposed: Readonly<Record<string, object>>, request: CreateRequest): ContainerRecord['Skiff']['ports'] {
  return Object.keys(exposed).flatMap((text) => {
    const match = /^(\d+)(?:-(\d+))?\/(tcp|udp|sctp)$/.exec(text);
    if (match === null) return [];
    const first = Number(match[1]);
    const protocol = match[3] as 'tcp' | 'udp' | 'sctp';
    const ports = Array.from({ length: Number(match[2] ?? first) - first + 1 }, (_, at) => first + at);
    return ports
      .filter((port) => !request.ports.some((known) => known.protocol === protocol && known.containerPort <= port && port < known.containerPort + known.range))
      .map((containerPort) => ({ containerPort, hostPort: 0, hostIP: '', protocol, range: 1 }));
  });
}

function namespaceMode(wish: NamespaceRequest, containerID: PlanInput['containerID']): NamespaceMode {
  return wish.kind === 'container' ? { kind: 'container', id: containerID(wish.container) } : wish;
}

function networkMode(wish: NetworkRequest, containerID: PlanInput['containerID']): NetworkMode {
  return wish.kind === 'container' ? { kind: 'container', id: containerID(wish.container) } : wish;
}
