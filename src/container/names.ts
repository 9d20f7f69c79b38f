/**
 * The names of a container's files: the contract between commands, the monitor (helpers/monitor.c) and the runtime.
 *
 * On disk, containers/<id>/, survives a boot:
 *   config.v2.json     written by create/rename/update, by rename; its presence means the container exists
 *   hostconfig.json    written by create
 *   hostname hosts resolv.conf   bind-mounted into /etc; rewritten at each start
 *   <id>-json.log      written by the monitor (json-file); k8s-file writes ctr.log
 *   exit.json          written by the monitor at each end: write, fsync, rename (runtime/exit-record.ts)
 *   started            written by the command before each start, removed again where the start fails: state.ts tells why
 * In the runtime dir, $XDG_RUNTIME_DIR/skiff/<id>/, gone at boot, 0700:
 *   lock      flock EXCLUSIVE from before the monitor's birth to its death, on one open file description that the starting
 *             command makes and the monitor inherits. "Running" is "that lock is held" and nothing else.
 *   change    flock EXCLUSIVE by create, start and remove for as long as they work: one of them at a time
 *   state.json  written by the monitor by rename: {"pid":N,"startedAt":"…","startTime":N} once the container runs (startTime: field 22
 *             of /proc/<pid>/stat); read only while the lock is held, and to end what a killed monitor left
 *   attach    SOCK_SEQPACKET socket of the monitor (runtime/index.ts tells the protocol)
 *   config.json rootfs/  the OCI bundle (rootfs is the merged overlay, by path in config.json)
 *   log-loss.json  written by the monitor, by rename, while the log takes no output (disk full): {"since":"…","reason":"…"} (log-loss.ts)
 *   exit.json  only where the disk took no exit record (full)
 *   netns/net where a network namespace is bound (in the monitor's mount namespace only); alone in its folder, see host/netns.ts
 *   shm/      where another container's /dev/shm is mounted (likewise)
 *   network.json  addresses of that network, for inspect
 */
import { join } from '../lib/paths.ts';
import type { ContainerID } from '../oci/ids.ts';

export const containerFiles = {
  config: 'config.v2.json', hostConfig: 'hostconfig.json', hostname: 'hostname', hosts: 'hosts', resolvConf: 'resolv.conf', exit: 'exit.json', started: 'started',
  k8sLog: 'ctr.log',
} as const;
export const runFiles = { lock: 'lock', change: 'change', state: 'state.json', attach: 'attach', bundle: 'config.json', exit: 'exit.json', logLoss: 'log-loss.json', netns: 'netns', network: 'network.json', shm: 'shm' } as const;

/** The runtime folder of a container. */
export function runDir(runtimeDir: string, id: ContainerID): string {
  return join(runtimeDir, id);
}
/** The name of a container's own cgroup; systemd puts ".scope" behind it. */
export function cgroupName(id: string): string {
  return `skiff-${id}`;
}
/** Docker's name for the json-file log. */
export function jsonLogName(id: ContainerID): string {
  return `${id}-json.log`;
}

export type { ExitRecord } from '../runtime/exit-record.ts';
