/**
 * The compiled seccomp filter, kept from one container to the next. crun compiles the profile for each container anew, which is
 * two thirds of its time (15 of 23 ms with containers-common's profile); it leaves the result in its state folder and takes it
 * back as an annotation. The profile itself stays in config.json: a runtime that does not know the annotation compiles it.
 *
 * The file lies in skiff's own runtime dir (0700) and begins with all that the result depends on, whole.
 *
 * @see crun(1) "run.oci.seccomp_bpf_data"
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { isErrno } from '../../lib/errors.ts';
import { log } from '../../lib/log.ts';
import { sha256Hex } from '../../lib/sha256.ts';
import { join } from '../../lib/paths.ts';
import type { ContainerID } from '../../oci/ids.ts';
import type { OCIRuntime } from '../../runtime/choose.ts';

export const filterAnnotation = 'run.oci.seccomp_bpf_data';

export interface SeccompFilter {
  /** Base64; undefined where none is kept yet. */
  readonly data: string | undefined;
  /** Keeps what the runtime made for this container; to be called while that runs. Does nothing where one is kept. */
  keep: (id: ContainerID) => void;
}

/** The filter for a profile (as config.json has it); undefined for a runtime that leaves and takes none. */
export function seccompFilter(runtimeDir: string, runtime: OCIRuntime, profile: string): SeccompFilter | undefined {
  if (runtime.name !== 'crun') return undefined;
  const { mtimeMs, ctimeMs, size, ino } = statSync(runtime.path);
  const key = `${JSON.stringify([1, runtime.path, mtimeMs, ctimeMs, size, ino])}\n${profile}\n`;
  const file = join(runtimeDir, `seccomp-filter-${sha256Hex(profile).slice(0, 16)}`);
  const data = readKept(file, key);
  return { data, keep: (id) => { if (data === undefined) keep(file, key, join(runtime.stateDir, id, 'seccomp.bpf')); } };
}

function readKept(file: string, key: string): string | undefined {
  try {
    const text = readFileSync(file, 'latin1');
    // A torn file has no end mark; then it is made again.
    return text.startsWith(key) && text.endsWith('\n') && text.length > key.length + 1 ? text.slice(key.length, -1) : undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The container runs, whatever becomes of this: a failure costs the next start its time and is told at debug level. */
function keep(file: string, key: string, compiled: string): void {
  try {
    const filter = readFileSync(compiled);
    // An array of struct sock_filter, 8 bytes each.
    if (filter.length > 0 && filter.length % 8 === 0) writeFileSync(file, `${key}${filter.toString('base64')}\n`, { mode: 0o600, encoding: 'latin1' });
  } catch (error) {
    log.debug(`keep the compiled seccomp filter: ${error instanceof Error ? error.message : String(error)}`);
  }
}
