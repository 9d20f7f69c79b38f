/**
 * From a container's record to its running process: root filesystem, bundle, network, monitor. Used by `start` and `run`.
 * Whoever calls holds the container's run lock; the monitor inherits it.
 */
import type { ResolvedUser } from '../spec/input.ts';

/** What was found out on the way and is of use after the start. */
export interface Prepared {
  rootfs: string;
  bundle: string;
  user: ResolvedUser;
  /** The environment that the process gets: for looking its command up when it could not be started. */
  env: readonly string[];
  cwd: string;
  /** To be called once the container runs: keeps its compiled seccomp filter for the next one. */
  keepFilter: () => void;
}
