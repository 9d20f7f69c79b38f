/**
 * Which OCI runtime drives a container, and what stands before its subcommand. crun first, runc where crun is missing,
 * anything with the OCI command line where the user names it.
 */
import { basename } from 'node:path';
import { SkiffError } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import { findProgram } from '../host/find-program.ts';

export interface OCIRuntime {
  /** Absolute path of the program. */
  readonly path: string;
  /** Its file name: "crun", "runc", … */
  readonly name: string;
  /** Put before the subcommand. */
  readonly globalArgs: readonly string[];
  /** Where it keeps the state of its containers: <stateDir>/<id>. */
  readonly stateDir: string;
}

/** In skiff's runtime dir, before the runtime's name. */
export const stateDirPrefix = 'oci-';

export interface RuntimeWish {
  /** Name or path; undefined or empty: crun, else runc. */
  runtime: string | undefined;
  /** Paths that containers.conf gives for that name; the first that exists. */
  candidates?: readonly string[] | undefined;
  /** From --runtime-flag, without dashes in front: "log=/x". */
  flags: readonly string[];
  cgroupManager: 'systemd' | 'cgroupfs' | 'disabled';
  runtimeDir: string;
}

/** @throws HELPER_MISSING */
export function chooseRuntime(wish: RuntimeWish): OCIRuntime {
  const path = locate(wish);
  const name = basename(path);
  const stateDir = join(wish.runtimeDir, `${stateDirPrefix}${name}`);
  return { path, name, stateDir, globalArgs: globalArgs(name, stateDir, wish) };
}

function locate({ runtime, candidates = [] }: RuntimeWish): string {
  const named = runtime !== undefined && runtime !== '';
  for (const name of [...candidates, ...(named ? [runtime] : ['crun', 'runc'])]) {
    const path = findProgram(name);
    if (path !== undefined) return path;
  }
  if (!named) throw new SkiffError('HELPER_MISSING', 'no OCI runtime was found: neither crun nor runc is installed', { data: { program: 'crun' } });
  const known = runtime === 'crun' || runtime === 'runc';
  throw new SkiffError('HELPER_MISSING', `OCI runtime ${JSON.stringify(runtime)} was not found`,
    known ? { data: { program: runtime } } : { hint: 'name one that is on PATH, or its path; without --runtime crun is taken, else runc' });
}

/**
 * Pure. The folder that is all that the runtime keeps of a container, but for its cgroup; undefined where its delete does more. crun 1.x
 * without systemd, whose scopes are systemd's: libcrun_container_delete removes the cgroup and this folder, and ends processes, of which
 * a container with a PID namespace of its own has none after its first.
 */
export function soleTrace(runtime: OCIRuntime, id: string, host: { cgroupManager: RuntimeWish['cgroupManager']; ownPidNamespace: boolean }): string | undefined {
  return runtime.name === 'crun' && host.cgroupManager !== 'systemd' && host.ownPidNamespace ? join(runtime.stateDir, id) : undefined;
}

/** Pure. Flags as crun 1.x and runc 1.x know them; an unknown runtime gets what both share. */
export function globalArgs(name: string, stateDir: string, wish: Pick<RuntimeWish, 'flags' | 'cgroupManager'>): string[] {
  const args = ['--root', stateDir];
  if (name.startsWith('crun')) args.push('--cgroup-manager', wish.cgroupManager);
  else if (wish.cgroupManager === 'systemd') args.push('--systemd-cgroup');
  return [...args, ...wish.flags.map((flag) => (flag.startsWith('-') ? flag : `--${flag}`))];
}
