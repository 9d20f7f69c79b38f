/** A plain input for the generator of config.json; tests change what they are about. */
import type { ContainerConfig, ContainerRecord, SkiffRecord } from '../../src/container/model.ts';
import type { SpecInput } from '../../src/container/spec/input.ts';
import { capabilityNames } from '../../src/container/spec/capabilities.ts';
import { parseContainerID, parseImageID } from '../../src/oci/ids.ts';

const id = parseContainerID('c0ffee'.repeat(10) + 'c0de');

export interface Changes {
  config?: Partial<ContainerConfig>;
  skiff?: Partial<SkiffRecord>;
  input?: Partial<Omit<SpecInput, 'record'>>;
}

export function makeRecord(config: Partial<ContainerConfig> = {}, skiff: Partial<SkiffRecord> = {}): ContainerRecord {
  const imageID = parseImageID(`sha256:${'1'.repeat(64)}`);
  return {
    ID: id, Name: '/box', Created: '2024-01-02T03:04:05.000000006Z', Path: '/bin/app', Args: ['--serve'],
    Config: {
      Hostname: 'box', Domainname: '', User: '', AttachStdin: false, AttachStdout: true, AttachStderr: true, Tty: false, OpenStdin: false, StdinOnce: false,
      Env: ['PATH=/app/bin', 'MODE=fast'], Cmd: ['--serve'], Image: 'app', Volumes: null, WorkingDir: '/srv', Entrypoint: ['/bin/app'], Labels: {}, ...config,
    },
    Image: imageID, Driver: 'overlay2', OS: 'linux', MountPoints: {}, LogPath: '', HostnamePath: '', HostsPath: '', ResolvConfPath: '', RestartCount: 0, State: {}, NetworkSettings: {},
    Skiff: {
      version: 1, createCommand: [], imageID, imageName: 'app', topLayer: '', network: { kind: 'none' }, ports: [], pid: { kind: 'private' }, ipc: { kind: 'shareable' },
      uts: { kind: 'private' }, cgroupns: { kind: 'private' }, userns: { kind: 'default' }, mounts: [], capAdd: [], capDrop: [], privileged: false, securityOpt: [], readOnly: false,
      init: false, autoRemove: false, removeImage: false, logDriver: 'json-file', logOptions: {}, shmSizeBytes: 0, groupAdd: [], addHosts: [], dns: [], dnsSearch: [], dnsOptions: [],
      ulimits: [], sysctls: {}, devices: [], annotations: {}, limits: {}, stopTimeoutSeconds: 10, restart: { policy: 'no', maxRetries: 0 }, runtime: 'crun', ...skiff,
    },
  };
}

export function makeInput(changes: Changes = {}): SpecInput {
  return {
    record: makeRecord(changes.config, changes.skiff),
    rootfs: '/store/merged',
    host: {
      cgroup: 'v2', cgroupManager: 'systemd', cgroupControllers: ['cpu', 'cpuset', 'memory', 'pids'],
      uidMap: [{ inside: 0, outside: 1000, size: 1 }, { inside: 1, outside: 100_000, size: 65_536 }],
      gidMap: [{ inside: 0, outside: 1000, size: 1 }, { inside: 1, outside: 100_000, size: 65_536 }],
      hostUid: 1000, hostGid: 1000, apparmor: false, selinux: false,
      rlimits: { nofile: { soft: 1024, hard: 524_288 }, nproc: { soft: 30_000, hard: 30_000 } },
      hostDevices: ['/dev/fuse', '/dev/null', '/dev/net/tun'], mqueue: true, capabilities: capabilityNames, ownCgroup: '/user.slice', hostname: 'laptop',
    },
    user: { uid: 0, gid: 0, additionalGids: [0], home: '/root', username: 'root' },
    files: { hostname: '/box/hostname', hosts: '/box/hosts', resolvConf: '/box/resolv.conf', containerenv: '/run/box/containerenv' },
    namespaces: { network: '/run/box/netns', pid: '/proc/7/ns/pid', ipc: '/proc/7/ns/ipc', uts: '/proc/7/ns/uts' },
    initPath: '/opt/skiff-init',
    ...changes.input,
  };
}
