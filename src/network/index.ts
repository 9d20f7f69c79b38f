/**
 * Networks of containers. Duties: what `-p`, `--dns` and `--add-host` mean, the text of hosts and resolv.conf, and one driver a
 * file for the ways in which a container gets its network. Not here: which network a container has (container/), the spec's namespaces
 * (container/spec).
 *
 * A driver's helper program belongs to the container and ends with it, without anybody watching: pasta sees its netns file go away,
 * slirp4netns sees the monitor's end on a pipe.
 */

/** Like container/model.ts' PortBinding. hostPort 0: one is chosen when the container is made. hostIP '': all addresses. */
export interface PortBinding {
  containerPort: number;
  hostPort: number;
  hostIP: string;
  protocol: 'tcp' | 'udp' | 'sctp';
  /** How many ports in a row. */
  range: number;
}

/** What a driver is told; made by the caller from a container's record. */
export interface NetworkPlan {
  kind: 'none' | 'host' | 'pasta' | 'slirp4netns' | 'container' | 'path';
  /** After the colon of --network=pasta:…, split at commas. */
  options: readonly string[];
  ports: readonly PortBinding[];
  /** Where the network namespace is (to be) bound: the only file of a folder in `stateDir`, made here. */
  netnsPath: string;
  /** The container's folder in the runtime dir: pid files, API socket. */
  stateDir: string;
  /** skiff's runtime dir: what is known of the helpers. */
  runtimeDir: string;
  /** The namespace to join for `container` (/proc/PID/ns/net) and `path`. */
  joinPath?: string;
  /**
   * The runtime has made the network namespace, inside a nested user namespace; this process is in it. Without it setup() makes
   * one, which the container then joins.
   */
  ownerPid?: number;
  /** The end of a pipe whose other end only the monitor holds: it hangs up when the container's life is over (drivers with `needsLifeline`). */
  exitFd?: number;
}

/** What the container's files have to say; known before anything is started. */
export interface NetworkFacts {
  /** Put before the host's own name servers. */
  nameservers: string[];
  /** False where loopback name servers of the host are reached as they are (host network). */
  dropLoopbackNameservers: boolean;
  /** What host.containers.internal and --add-host=x:host-gateway mean; undefined where the host can't be reached. */
  hostAddress?: string;
  /** Of the container, for its own line in hosts and for inspect. */
  addresses: NetworkAddress[];
  /** Whether there is a resolv.conf at all. */
  resolvConf: boolean;
}

export interface NetworkAddress { family: 4 | 6; address: string; prefix: number; gateway?: string; mac?: string; interface: string }

/** A network that is being made. */
export interface StartedNetwork {
  /** For the runtime to join; undefined: it makes its own (none), or has none (host). */
  netnsPath?: string;
  /** Done when interfaces and ports are there; the container must not start before. Call it once. @throws NETWORK_FAILED */
  ready(): Promise<void>;
  /** Ends the helper where the container does not come to be. Idempotent, throws nothing. */
  abandon(): void;
}

export interface NetworkDriver {
  /** Its helper is to be given `exitFd`. */
  readonly needsLifeline?: boolean;
  /** Refuses options that no start could follow. @throws USAGE */
  checkOptions?(options: readonly string[]): void;
  /** Refuses what it can't do, before anything is changed. @throws USAGE, UNSUPPORTED, NETWORK_FAILED, HELPER_MISSING */
  validate(plan: NetworkPlan): void;
  facts(plan: NetworkPlan): NetworkFacts;
  /** Starts it and returns at once. */
  setup(plan: NetworkPlan): StartedNetwork;
  /** After the container's end: whatever is left of it. Idempotent. */
  teardown(plan: NetworkPlan): void;
}
