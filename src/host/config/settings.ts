/**
 * Every setting of containers.conf that we honour: its place in the file, its type, its name here. One table: the reader, the types and
 * the documentation follow it.
 */

export type CgroupManagerWish = 'auto' | 'systemd' | 'cgroupfs' | 'disabled';
export interface Ulimit { readonly type: string; readonly soft: number; readonly hard: number }

/** What a value must be. 'strings' appends to what earlier files said where the list contains {append=true}. */
export type SettingKind = 'string' | 'strings' | 'bool' | 'count' | 'bytes' | 'stringsMap';

interface Row { readonly table: 'containers' | 'engine' | 'network'; readonly key: string; readonly kind: SettingKind }

export const settingRows = {
  // [containers]
  annotations: { table: 'containers', key: 'annotations', kind: 'strings' }, // "K=V"
  cgroupns: { table: 'containers', key: 'cgroupns', kind: 'string' },
  cgroups: { table: 'containers', key: 'cgroups', kind: 'string' },
  /** Names as in the file, with or without CAP_. */
  capabilities: { table: 'containers', key: 'default_capabilities', kind: 'strings' },
  sysctls: { table: 'containers', key: 'default_sysctls', kind: 'strings' }, // "K=V"
  ulimitTexts: { table: 'containers', key: 'default_ulimits', kind: 'strings' }, // "nofile=1024:2048"
  devices: { table: 'containers', key: 'devices', kind: 'strings' },
  dnsServers: { table: 'containers', key: 'dns_servers', kind: 'strings' },
  dnsSearches: { table: 'containers', key: 'dns_searches', kind: 'strings' },
  dnsOptions: { table: 'containers', key: 'dns_options', kind: 'strings' },
  env: { table: 'containers', key: 'env', kind: 'strings' }, // "K=V"
  envHost: { table: 'containers', key: 'env_host', kind: 'bool' },
  hostContainersInternalIP: { table: 'containers', key: 'host_containers_internal_ip', kind: 'string' },
  httpProxy: { table: 'containers', key: 'http_proxy', kind: 'bool' },
  init: { table: 'containers', key: 'init', kind: 'bool' },
  initPath: { table: 'containers', key: 'init_path', kind: 'string' },
  ipcns: { table: 'containers', key: 'ipcns', kind: 'string' },
  logDriver: { table: 'containers', key: 'log_driver', kind: 'string' },
  logSizeMaxBytes: { table: 'containers', key: 'log_size_max', kind: 'count' }, // -1: no limit
  logTag: { table: 'containers', key: 'log_tag', kind: 'string' },
  mounts: { table: 'containers', key: 'mounts', kind: 'strings' },
  netns: { table: 'containers', key: 'netns', kind: 'string' },
  noHosts: { table: 'containers', key: 'no_hosts', kind: 'bool' },
  baseHostsFile: { table: 'containers', key: 'base_hosts_file', kind: 'string' },
  pidns: { table: 'containers', key: 'pidns', kind: 'string' },
  pidsLimit: { table: 'containers', key: 'pids_limit', kind: 'count' },
  privileged: { table: 'containers', key: 'privileged', kind: 'bool' },
  readOnly: { table: 'containers', key: 'read_only', kind: 'bool' },
  seccompProfile: { table: 'containers', key: 'seccomp_profile', kind: 'string' },
  shmSizeBytes: { table: 'containers', key: 'shm_size', kind: 'bytes' },
  timezone: { table: 'containers', key: 'tz', kind: 'string' },
  umask: { table: 'containers', key: 'umask', kind: 'string' },
  userns: { table: 'containers', key: 'userns', kind: 'string' },
  utsns: { table: 'containers', key: 'utsns', kind: 'string' },
  volumes: { table: 'containers', key: 'volumes', kind: 'strings' },
  // [engine]
  cgroupManagerText: { table: 'engine', key: 'cgroup_manager', kind: 'string' },
  detachKeys: { table: 'engine', key: 'detach_keys', kind: 'string' },
  helperBinariesDir: { table: 'engine', key: 'helper_binaries_dir', kind: 'strings' },
  networkCmdPath: { table: 'engine', key: 'network_cmd_path', kind: 'string' },
  networkCmdOptions: { table: 'engine', key: 'network_cmd_options', kind: 'strings' },
  noPivotRoot: { table: 'engine', key: 'no_pivot_root', kind: 'bool' },
  pullPolicy: { table: 'engine', key: 'pull_policy', kind: 'string' },
  runtime: { table: 'engine', key: 'runtime', kind: 'string' },
  runtimes: { table: 'engine', key: 'runtimes', kind: 'stringsMap' }, // name -> candidates
  stopTimeoutSeconds: { table: 'engine', key: 'stop_timeout', kind: 'count' },
  // [network]
  rootlessNetworkCmd: { table: 'network', key: 'default_rootless_network_cmd', kind: 'string' },
  pastaOptions: { table: 'network', key: 'pasta_options', kind: 'strings' },
} as const satisfies Readonly<Record<string, Row>>;

interface KindTypes {
  string: string; strings: readonly string[]; bool: boolean; count: number; bytes: number;
  stringsMap: Readonly<Record<string, readonly string[]>>;
}
type Rows = typeof settingRows;
/** Settings as the files give them; a missing one is absent. */
export type FileSettings = { -readonly [Name in keyof Rows]?: KindTypes[Rows[Name]['kind']] };

/** Settings as the operations read them: undefined where nobody said anything. */
export type Settings = { readonly [Name in Exclude<keyof Rows, 'ulimitTexts' | 'cgroupManagerText'>]: KindTypes[Rows[Name]['kind']] | undefined } & {
  readonly ulimits: readonly Ulimit[] | undefined;
  /** Never undefined: 'auto' leaves it to host/cgroup/manager.ts. */
  readonly cgroupManager: CgroupManagerWish;
  /** From --runtime-flag only. */
  readonly runtimeFlags: readonly string[];
};
