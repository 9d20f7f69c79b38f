/**
 * What a container is: its record on disk (record.ts), its name (name-links.ts), the state derived from locks and exit
 * records (state.ts), and one file per operation (create, start, run, stop, kill, remove, exec, logs, …).
 *
 * Not here: flags and tables (cli/), what goes into config.json (spec/), layers (storage/), how the OCI runtime and the
 * monitor are driven (runtime/).
 *
 * Locks of a container (order: host/locks.ts): `change` serialises create, start and remove; `lock` is the container's life, taken
 * under `change` and held by the monitor while it runs, and by whoever makes or removes the container. life.ts takes both.
 */
import type { Store } from '../storage/store.ts';

/** Where containers are: the store, and the folder of what must not outlive a boot. Every operation takes one. */
export interface Context {
  readonly store: Store;
  readonly runtimeDir: string;
}
