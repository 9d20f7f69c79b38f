/** What the OCI runtimes keep of a container in their own state folder: read only to find processes that outlived their monitor. */
import { existsSync, readFileSync } from 'node:fs';
import { isErrno, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';

/** True where the runtime has not been told yet that the container is over. */
export function runtimeKnows(stateDir: string, id: string): boolean {
  return existsSync(join(stateDir, id));
}

/**
 * First process and its start time (clock ticks since boot, as /proc/<pid>/stat has it): crun's `status`, runc's `state.json`.
 * Undefined where there is none or the runtime writes something else.
 */
export function readRuntimeState(stateDir: string, id: string): { pid: number; startTime: string } | undefined {
  for (const [file, pidKey, timeKey] of [['status', 'pid', 'process-start-time'], ['state.json', 'init_process_pid', 'init_process_start']] as const) {
    const value = readJson(join(stateDir, id, file));
    const pid = value?.[pidKey];
    const startTime = value?.[timeKey];
    if (typeof pid === 'number' && pid > 0 && (typeof startTime === 'number' || typeof startTime === 'string')) return { pid, startTime: String(startTime) };
  }
  return undefined;
}

function readJson(path: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw wrap(error, 'read the state of an OCI runtime');
  }
}
