/**
 * What the user asked for, as plain typed values: made by the CLI from flags, later by quadlet and kube from their files.
 * Values are parsed but not yet checked against the image, the store or the machine.
 */
import type { NamespaceMode, NetworkMode, PortBinding, SkiffRecord, UsernsMode } from './model.ts';

/** A mount as asked for. `source` of a bind is absolute. A volume with an empty name is an anonymous one. */
export type MountRequest =
  | { kind: 'bind'; source: string; destination: string; readOnly: boolean; options: readonly string[] }
  | { kind: 'volume'; name: string; destination: string; readOnly: boolean; options: readonly string[] }
  | { kind: 'tmpfs'; destination: string; readOnly: boolean; options: readonly string[] };

/** A namespace as asked for: a container is named as the user did. */
export type NamespaceRequest = Exclude<NamespaceMode, { kind: 'container' }> | { kind: 'container'; container: string };
export type NetworkRequest = Exclude<NetworkMode, { kind: 'container' }> | { kind: 'container'; container: string };

export interface CreateRequest {
  /** The image as typed; with `rootfs`, a directory. */
  image: string;
  /** The words after the image. */
  command: readonly string[];
  /** The whole command line, for inspect. */
  createCommand: readonly string[];
  name?: string;
  replace: boolean;
  cidfile?: string;
  pidfile?: string;
  conmonPidfile?: string;
  /** Whether each start tells the service manager. */
  notify: boolean;

  /** undefined: the image's. []: reset. */
  entrypoint?: readonly string[];
  /** "K=V" of containers.conf, below those of the image. */
  defaultEnv: readonly string[];
  /** "K=V", later ones win. */
  env: readonly string[];
  /** "K=V" with $NAME or ${NAME} of the image's and the defaults' in V: changes what these two set, nothing else. */
  envMerge: readonly string[];
  unsetEnv: readonly string[];
  unsetEnvAll: boolean;
  user?: string;
  workdir?: string;
  hostname?: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  stopSignal?: string;
  stopTimeoutSeconds?: number;
  timeoutSeconds?: number;
  terminal: boolean;
  interactive: boolean;
  /** The container's stdin ends with that of the first client that has it (all but `run -di`). */
  stdinOnce: boolean;
  umask?: string;
  /** A zone's name, or "local" for the host's. */
  timezone?: string;
  /** Complete /etc/passwd and /etc/group. */
  passwd: boolean;
  /** Line for a user whom the image does not know, with $NAME, $USERNAME, $UID, $GID and $HOME. */
  passwdEntry?: string;
  /** Users of the host, by name or number, to be known inside. */
  hostUsers: readonly string[];
  oomScoreAdj?: number;
  personality?: 'LINUX' | 'LINUX32';

  mounts: readonly MountRequest[];
  /** Of containers.conf: they give way to any other at the same place. */
  defaultMounts: readonly MountRequest[];
  volumesFrom: readonly { container: string; readOnly: boolean }[];
  /** What becomes of the image's own VOLUMEs. */
  imageVolumes: 'anonymous' | 'tmpfs' | 'ignore';
  readOnly: boolean;
  /** With `readOnly`: writable tmpfs on /run, /tmp and /var/tmp. */
  readOnlyTmpfs: boolean;

  network: NetworkRequest;
  ports: readonly PortBinding[];
  publishAll: boolean;
  expose: readonly string[];
  addHosts: readonly string[];
  noHosts: boolean;
  dns: readonly string[];
  dnsSearch: readonly string[];
  dnsOptions: readonly string[];

  pid: NamespaceRequest;
  ipc: NamespaceRequest | { kind: 'shareable' };
  uts: NamespaceRequest;
  cgroupns: NamespaceRequest;
  userns: UsernsMode;

  capAdd: readonly string[];
  capDrop: readonly string[];
  privileged: boolean;
  securityOpt: readonly string[];
  groupAdd: readonly string[];
  devices: SkiffRecord['devices'];
  ulimits: SkiffRecord['ulimits'];
  sysctls: Readonly<Record<string, string>>;
  shmSizeBytes?: number;
  limits: SkiffRecord['limits'];

  init: boolean;
  /** Absolute path on the host; undefined: containers.conf's or our own. */
  initPath?: string;
  /** 'disabled': no control group is made for it. */
  cgroups: 'enabled' | 'disabled' | 'split';
  autoRemove: boolean;
  removeImage: boolean;
  restart: SkiffRecord['restart'];
  logDriver: SkiffRecord['logDriver'];
  logOptions: Readonly<Record<string, string>>;
  runtime: string;
}
