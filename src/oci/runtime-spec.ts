/**
 * The OCI runtime configuration (config.json) as types: the part of it that skiff writes. Lists are in the order in which
 * the runtime applies them.
 *
 * @see runtime-spec 1.2 config.md, config-linux.md
 */

export interface RuntimeSpec {
  ociVersion: string;
  process: Process;
  root: { path: string; readonly: boolean };
  hostname?: string;
  domainname?: string;
  /** Mounted from first to last. */
  mounts: SpecMount[];
  annotations?: Record<string, string>;
  linux: Linux;
}

export interface Process {
  terminal?: boolean;
  consoleSize?: { height: number; width: number };
  cwd: string;
  /** "K=V", each name once. */
  env: string[];
  args: string[];
  user: { uid: number; gid: number; umask?: number; additionalGids?: number[] };
  capabilities: CapabilitySets;
  rlimits?: Rlimit[];
  noNewPrivileges?: boolean;
  apparmorProfile?: string;
  selinuxLabel?: string;
  oomScoreAdj?: number;
}

/** Names with the CAP_ prefix, sorted. */
export interface CapabilitySets {
  bounding: string[];
  effective: string[];
  inheritable: string[];
  permitted: string[];
  ambient: string[];
}

export interface Rlimit { type: string; hard: number; soft: number }

export interface SpecMount {
  destination: string;
  type: string;
  source: string;
  options: string[];
  uidMappings?: IDMapping[];
  gidMappings?: IDMapping[];
}

export interface IDMapping { containerID: number; hostID: number; size: number }

export type NamespaceType = 'pid' | 'network' | 'ipc' | 'uts' | 'mount' | 'user' | 'cgroup' | 'time';

export interface Linux {
  uidMappings?: IDMapping[];
  gidMappings?: IDMapping[];
  sysctl?: Record<string, string>;
  resources?: Resources;
  cgroupsPath?: string;
  namespaces: { type: NamespaceType; path?: string }[];
  devices?: Device[];
  seccomp?: Seccomp;
  rootfsPropagation?: string;
  maskedPaths?: string[];
  readonlyPaths?: string[];
  mountLabel?: string;
  personality?: { domain: 'LINUX' | 'LINUX32' };
}

export interface Device { path: string; type: 'c' | 'b' | 'p'; major: number; minor: number; fileMode?: number; uid?: number; gid?: number }

export interface Resources {
  devices?: { allow: boolean; type?: string; major?: number; minor?: number; access?: string }[];
  memory?: { limit?: number; reservation?: number; swap?: number };
  cpu?: { shares?: number; quota?: number; period?: number; cpus?: string; mems?: string };
  pids?: { limit: number };
  unified?: Record<string, string>;
}

export interface Seccomp {
  defaultAction: string;
  defaultErrnoRet?: number;
  architectures?: string[];
  flags?: string[];
  listenerPath?: string;
  listenerMetadata?: string;
  syscalls?: SeccompSyscall[];
}

export interface SeccompSyscall { names: string[]; action: string; errnoRet?: number; args?: SeccompArg[] }

export interface SeccompArg { index: number; value: number; valueTwo?: number; op: string }
