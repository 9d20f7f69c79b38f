/**
 * What a container is on disk: Docker's config.v2.json and hostconfig.json (moby container.Container and
 * container.HostConfig, 28.x), of which we fill what Docker reads back, and one key of our own, `Skiff`, for what Docker has
 * no place for. Docker's decoder ignores unknown keys.
 *
 * The record never says whether the container runs: that is derived (state.ts).
 */
import type { ChainID, ContainerID, ImageID } from '../oci/ids.ts';

/** Docker's container.Config (image config merged with the command line). */
export interface ContainerConfig {
  Hostname: string;
  Domainname: string;
  User: string;
  AttachStdin: boolean;
  AttachStdout: boolean;
  AttachStderr: boolean;
  ExposedPorts?: Record<string, object>;
  Tty: boolean;
  OpenStdin: boolean;
  StdinOnce: boolean;
  Env: string[];
  Cmd: string[] | null;
  Image: string;
  Volumes: Record<string, object> | null;
  WorkingDir: string;
  Entrypoint: string[] | null;
  Labels: Record<string, string>;
  StopSignal?: string;
  StopTimeout?: number;
}

export interface PortBinding { containerPort: number; hostPort: number; hostIP: string; protocol: 'tcp' | 'udp' | 'sctp'; range: number }

export type Mount =
  | { kind: 'bind'; source: string; destination: string; readOnly: boolean; options: readonly string[] }
  | { kind: 'volume'; name: string; source: string; destination: string; readOnly: boolean; anonymous: boolean; options: readonly string[] }
  | { kind: 'tmpfs'; destination: string; readOnly: boolean; options: readonly string[] };

/** A namespace of the container: its own, the host's, another container's, or one at a path. */
export type NamespaceMode = { kind: 'private' } | { kind: 'host' } | { kind: 'container'; id: ContainerID } | { kind: 'path'; path: string } | { kind: 'none' };

export type NetworkMode =
  | { kind: 'none' } | { kind: 'host' }
  | { kind: 'pasta'; options: readonly string[] } | { kind: 'slirp4netns'; options: readonly string[] }
  | { kind: 'container'; id: ContainerID } | { kind: 'path'; path: string };

export type UsernsMode = { kind: 'default' } | { kind: 'host' } | { kind: 'keep-id'; uid?: number; gid?: number };

/** Everything `start` needs which is neither the image's nor Docker's: frozen at create. */
export interface SkiffRecord {
  /** Format of this record; readers refuse a higher one. */
  version: 1;
  createCommand: string[];
  imageID: ImageID | '';
  imageName: string;
  topLayer: ChainID | '';
  network: NetworkMode;
  ports: PortBinding[];
  pid: NamespaceMode;
  ipc: NamespaceMode | { kind: 'shareable' };
  uts: NamespaceMode;
  cgroupns: NamespaceMode;
  userns: UsernsMode;
  mounts: Mount[];
  capAdd: string[];
  capDrop: string[];
  privileged: boolean;
  securityOpt: string[];
  readOnly: boolean;
  /** False only with --read-only-tmpfs=false. */
  readOnlyTmpfs?: boolean;
  init: boolean;
  autoRemove: boolean;
  removeImage: boolean;
  logDriver: 'json-file' | 'k8s-file' | 'journald' | 'none' | 'passthrough';
  logOptions: Record<string, string>;
  shmSizeBytes: number;
  groupAdd: string[];
  addHosts: string[];
  dns: string[];
  dnsSearch: string[];
  dnsOptions: string[];
  ulimits: { type: string; soft: number; hard: number }[];
  sysctls: Record<string, string>;
  devices: { source: string; destination: string; permissions: string }[];
  annotations: Record<string, string>;
  /** Resource limits as given; refused where the host can't (hybrid cgroup), never ignored. */
  limits: { memoryBytes?: number; memorySwapBytes?: number; nanoCpus?: number; pids?: number; cpusetCpus?: string; cpuShares?: number; cpuQuota?: number; cpuPeriod?: number; memoryReservationBytes?: number; cpusetMems?: string };
  stopTimeoutSeconds: number;
  restart: { policy: 'no' | 'always' | 'on-failure' | 'unless-stopped'; maxRetries: number };
  workdirCreated?: boolean;
  runtime: string;
  /** Octal text, "0022" where absent. */
  umask?: string;
  /** A zone's name, or "local" for the host's; the image's own /etc/localtime shows where absent. */
  timezone?: string;
  /** The image's own /etc/passwd and /etc/group show. */
  noPasswd?: boolean;
  passwdEntry?: string;
  hostUsers?: string[];
  oomScoreAdj?: number;
  personality?: 'LINUX' | 'LINUX32';
  /** skiff-init's stand-in, with `init`. */
  initPath?: string;
  /** No control group is made for it, whatever the host could do. */
  noCgroups?: boolean;
  /** Its control group is made in that of the unit that starts it, beside what serves it there. */
  splitCgroup?: true;
  /** Killed by the monitor after that long. */
  timeoutSeconds?: number;
  /** The image's own /etc/hosts shows. */
  noHosts?: boolean;
  /** Absolute; written at each start. It is the user's file: nothing ever removes it, as with Podman. */
  pidfile?: string;
  /** The same for the monitor's process id, by which systemd knows a unit of Type=forking. */
  conmonPidfile?: string;
  /** Absolute; written at the creation, gone with the container while it is this one's. */
  cidfile?: string;
  /** The working directory is not the image's but the user's wish, who is told where it is missing. */
  ownWorkdir?: true;
  /** Each start tells the service manager that it runs, and that the monitor is the service's main process. */
  notify?: true;
}

/** config.v2.json. */
export interface ContainerRecord {
  ID: ContainerID;
  Name: string; // with Docker's leading slash
  Created: string; // RFC 3339, nanoseconds
  Path: string;
  Args: string[];
  Config: ContainerConfig;
  Image: ImageID | '';
  Driver: 'overlay2';
  OS: 'linux';
  MountPoints: Record<string, unknown>;
  LogPath: string;
  HostnamePath: string;
  HostsPath: string;
  ResolvConfPath: string;
  RestartCount: number;
  State: Record<string, unknown>;
  NetworkSettings: Record<string, unknown>;
  Skiff: SkiffRecord;
}

/** Derived, never stored. */
export type ContainerState =
  | { status: 'created' }
  | { status: 'starting' } // the lock is held, nothing reported yet
  | { status: 'running'; pid: number; startedAt: string }
  | { status: 'paused'; pid: number; startedAt: string }
  | { status: 'exited'; exitCode: number; startedAt: string; finishedAt: string; oomKilled: boolean; droppedLogBytes: number };
