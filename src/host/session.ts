/**
 * What the launcher told this process, read once and then removed from the environment so that no child sees it.
 * Written by helpers/launcher.c, read here and nowhere else. The names are compared by test/unit/host/session.test.ts.
 */

/** How this process stands with respect to the user namespace. */
export type Userns =
  /** The verb needs none. */
  | { kind: 'none' }
  /** In a user namespace as uid 0 with all capabilities, in a private mount namespace (propagation: slave). */
  | {
      kind: 'entered';
      created: boolean;
      /** Only the user's own id is mapped, for want of subordinate ids; `singleIDHint` is what mends it. */
      singleID: boolean;
      singleIDHint?: string;
      /** Carries the lock of our holder entry (helpers/common/holder.h): whoever replaces this process and stays inside keeps it open. */
      holderFd?: number;
      /** The ids of a new namespace may not be mapped yet: userns/mapped-later.ts waits for them. Until then no file can be made. */
      mapsLater?: MapsLater;
    }
  /** The launcher could not: `code` is an ErrorCode, `message` the cause, `hint` the remedy. help, version, info and doctor still run. */
  | { kind: 'refused'; code: string; message: string; hint: string };

/** The launcher's child that writes the maps, and the pipe that it reports by (helpers/launcher/later.c). */
export interface MapsLater { readonly pid: number; readonly fd: number }

/** A container's layers that a child of the launcher's makes meanwhile (helpers/launcher/ahead.c); storage/ahead.ts takes them. */
export interface LayersAhead {
  /** The container's. */
  readonly id: string;
  readonly pid: number;
  /** Carries the lock of their folder in layerdb/mounts. */
  readonly lockFd: number;
  /** Of the store; absolute. */
  readonly root: string;
}

export interface Session {
  /** True when started through the launcher (always, for users). False: `node dist/skiff.cjs` by hand, or unit tests. */
  launched: boolean;
  userns: Userns;
  /** The invoking user on the host, not what the namespace shows. */
  hostUid: number;
  hostGid: number;
  /** Absolute path of the launcher, for running skiff again (workers, cleanup). */
  self: string;
  /** 'v2': the host's own pure cgroup2 tree. 'private': hybrid or v1 host, a cgroup2 mount in a cgroup namespace of our own, no limits possible. 'none': no cgroup2 at all. */
  cgroup: 'v2' | 'private' | 'none';
  /** $XDG_RUNTIME_DIR/skiff or its fallback, made 0700 and checked by the launcher. */
  runtimeDir: string;
  /** The soft limit of open files before Node raised it to the hard one; undefined where the two were the same. */
  openFiles?: number;
  /** The user's file mode creation mask, where it is another than the 022 that the launcher sets (umask.ts). */
  umask?: number;
  /** Removed by who takes them. */
  layersAhead?: LayersAhead;
}

/** The environment variables, launcher -> Node. */
export const sessionVariables = {
  launched: 'SKIFF_LAUNCHED', // "1"
  userns: 'SKIFF_USERNS', // "none" | "created" | "joined" | "refused"
  singleID: 'SKIFF_SINGLE_ID', // "1" when only one id is mapped; the remedy is in refusalHint then
  holderFd: 'SKIFF_HOLDER_FD',
  mapsFd: 'SKIFF_MAPS_FD',
  mapsPid: 'SKIFF_MAPS_PID',
  openFiles: 'SKIFF_OPEN_FILES',
  umask: 'SKIFF_UMASK', // a decimal number, as all are
  aheadID: 'SKIFF_AHEAD_ID',
  aheadPid: 'SKIFF_AHEAD_PID',
  aheadFd: 'SKIFF_AHEAD_FD',
  aheadRoot: 'SKIFF_AHEAD_ROOT',
  refusalCode: 'SKIFF_REFUSAL_CODE',
  refusalMessage: 'SKIFF_REFUSAL_MESSAGE',
  refusalHint: 'SKIFF_REFUSAL_HINT',
  hostUid: 'SKIFF_HOST_UID',
  hostGid: 'SKIFF_HOST_GID',
  self: 'SKIFF_SELF',
  cgroup: 'SKIFF_CGROUP',
  runtimeDir: 'SKIFF_RUNTIME_DIR',
  /** NODE_EXTRA_CA_CERTS as the user had it, put aside where the verb talks to no registry (it adds 40 ms to Node's start); given back here. */
  savedCaCerts: 'SKIFF_SAVED_NODE_EXTRA_CA_CERTS',
  /** NODE_OPTIONS as the user had it: it is for the user's programs, and for containers by `-e NODE_OPTIONS`. */
  savedNodeOptions: 'SKIFF_SAVED_NODE_OPTIONS',
} as const;

let current: Session | undefined;

/** The session of this process. First call reads the environment and cleans it; later calls return the same value. */
export function session(): Session {
  current ??= takeSession(process.env);
  return current;
}

/** Reads and removes the launcher's variables from `env`. Without a launcher: no namespace, the process's own ids. */
export function takeSession(env: NodeJS.ProcessEnv): Session {
  const take = (name: string): string | undefined => {
    const value = env[name];
    delete env[name];
    return value;
  };
  const launched = take(sessionVariables.launched) === '1';
  const kind = take(sessionVariables.userns);
  const singleID = take(sessionVariables.singleID) === '1';
  const code = take(sessionVariables.refusalCode) ?? 'USERNS_FORBIDDEN';
  const message = take(sessionVariables.refusalMessage) ?? 'not started through the skiff launcher';
  const hint = take(sessionVariables.refusalHint) ?? '';
  const holderFd = take(sessionVariables.holderFd);
  const [mapsFd, mapsPid] = [take(sessionVariables.mapsFd), take(sessionVariables.mapsPid)];
  const userns: Userns =
    kind === 'created' || kind === 'joined'
      ? {
          kind: 'entered', created: kind === 'created', singleID, ...(singleID ? { singleIDHint: hint } : {}),
          ...(holderFd === undefined ? {} : { holderFd: Number(holderFd) }),
          ...(mapsFd === undefined ? {} : { mapsLater: { fd: Number(mapsFd), pid: Number(mapsPid) } }),
        }
    : kind === 'none' ? { kind: 'none' }
    : { kind: 'refused', code, message, hint };
  const hostUid = Number(take(sessionVariables.hostUid) ?? process.getuid?.() ?? 0);
  const hostGid = Number(take(sessionVariables.hostGid) ?? process.getgid?.() ?? 0);
  const self = take(sessionVariables.self) ?? '';
  const cgroup = take(sessionVariables.cgroup);
  const runtimeDir = take(sessionVariables.runtimeDir) ?? `${env['XDG_RUNTIME_DIR'] ?? `/run/user/${hostUid}`}/skiff`;
  const openFiles = take(sessionVariables.openFiles);
  const umask = take(sessionVariables.umask);
  const [aheadID, aheadPid, aheadFd, aheadRoot] = [take(sessionVariables.aheadID), take(sessionVariables.aheadPid), take(sessionVariables.aheadFd), take(sessionVariables.aheadRoot)];
  for (const [name, saved] of [['NODE_EXTRA_CA_CERTS', take(sessionVariables.savedCaCerts)], ['NODE_OPTIONS', take(sessionVariables.savedNodeOptions)]] as const) {
    if (saved !== undefined) env[name] = saved;
  }
  return {
    launched, userns, hostUid, hostGid, self, runtimeDir, cgroup: cgroup === 'v2' || cgroup === 'private' ? cgroup : 'none',
    ...(openFiles === undefined ? {} : { openFiles: Number(openFiles) }),
    ...(umask === undefined ? {} : { umask: Number(umask) }),
    ...(aheadID === undefined || aheadRoot === undefined ? {} : { layersAhead: { id: aheadID, root: aheadRoot, pid: Number(aheadPid), lockFd: Number(aheadFd) } }),
  };
}
