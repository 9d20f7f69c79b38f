/**
 * What the generator of config.json is told. All of it is plain data that the caller has gathered and checked: the
 * generator itself reads nothing from the machine, so that the same input gives the same bytes.
 *
 * No field carries image labels or annotations: nothing that an image says about itself can reach the runtime
 * except through the typed fields of `record.Config` (Env, User, WorkingDir, Entrypoint, Cmd).
 */
import type { Rlimit } from '../../oci/runtime-spec.ts';
import type { ContainerRecord } from '../model.ts';

/** One line of /proc/self/uid_map: `size` ids from `inside` on are `outside` in the parent namespace. */
export interface IDRange { inside: number; outside: number; size: number }

/** The machine as the generator must know it; gathered by facts.ts. */
export interface HostFacts {
  /** As Session.cgroup tells it. */
  cgroup: 'v2' | 'private' | 'none';
  cgroupManager: 'systemd' | 'cgroupfs' | 'disabled';
  /** Controllers that are delegated to us ("memory", "pids", "cpu" ...); empty where limits can't be set. */
  cgroupControllers: readonly string[];
  /** Ids that exist in our user namespace. */
  uidMap: readonly IDRange[];
  gidMap: readonly IDRange[];
  /** The invoking user, for keep-id. */
  hostUid: number;
  hostGid: number;
  apparmor: boolean;
  selinux: boolean;
  /** RLIMIT_NOFILE and RLIMIT_NPROC as the user had them: the hard ones are the most that a container may be given. */
  rlimits: { nofile: { soft: number; hard: number }; nproc: { soft: number; hard: number } };
  /** Device nodes of the host that a privileged container gets, absolute paths under /dev. Read only where the container is privileged. */
  hostDevices: readonly string[];
  /** /dev/mqueue is there, for a container in the host's IPC namespace. */
  mqueue: boolean;
  /** What this process may hand out: its bounding set. */
  capabilities: readonly string[];
  /** Our own cgroup below /sys/fs/cgroup, '/' where unknown; the parent for the cgroupfs manager. */
  ownCgroup: string;
  /** The host's name, for the environment of a container in the host's UTS namespace. */
  hostname: string;
}

/** Who the container's process is; made by user.ts from the rootfs' own passwd and group files. */
export interface ResolvedUser {
  uid: number;
  gid: number;
  /** Supplementary groups, the primary one included (an empty list would let setgroups-less processes keep foreign groups: CVE-2022-2989). */
  additionalGids: number[];
  home: string;
  username?: string;
}

/** Files on the host that are bind-mounted over the image's. A missing member: the image's own file shows. */
export interface BoundFiles {
  hostname?: string;
  hosts?: string;
  resolvConf?: string;
  /** /run/.containerenv; text from containerenv.ts. */
  containerenv?: string;
  /** /etc/passwd and /etc/group, made where the user is missing from the image's (passwd.ts). */
  passwd?: string;
  group?: string;
  /** A zone's file (timezone.ts). */
  localtime?: string;
}

/** Paths of namespaces to join: /proc/PID/ns/X of another container, a bound netns file, or what `ns:PATH` said. */
export interface NamespacePaths {
  pid?: string;
  ipc?: string;
  uts?: string;
  network?: string;
  cgroup?: string;
}

export interface SpecInput {
  record: ContainerRecord;
  /** Absolute path of the mounted root filesystem. */
  rootfs: string;
  host: HostFacts;
  user: ResolvedUser;
  files: BoundFiles;
  /** Required for each namespace of kind container, path, and for pasta and slirp4netns (the bound netns file), except where `deferredNetwork` is set. */
  namespaces: NamespacePaths;
  /** skiff-init on the host; required when record.Skiff.init. */
  initPath?: string;
  /** A directory of the host for /dev/shm, where it is shared with other containers; else it is a tmpfs of the container's own. */
  shmPath?: string;
  /** The runtime makes the network namespace and the network is attached to it between create and start. See userns.ts for when. */
  deferredNetwork?: boolean;
  /** Default ulimits of containers.conf, for a record without any (as Podman's flag replaces them all), and sysctls, below the record's. */
  defaultRlimits?: readonly Rlimit[];
  defaultSysctls?: Readonly<Record<string, string>>;
  /** Default limit of processes of containers.conf (2048); applied only where the pids controller is there. */
  defaultPidsLimit?: number;
  /** Default capabilities of containers.conf, where it has some. */
  defaultCapabilities?: readonly string[];
  /** Parent of the cgroup: a slice for the systemd manager, a path for cgroupfs. */
  cgroupParent?: string;
  umask?: number;
  /** The terminal's first size, so that a program that asks at once is told the truth; later ones come with the attach client. */
  consoleSize?: { rows: number; columns: number };
}
