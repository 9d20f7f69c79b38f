/** Reading what the monitor wrote at the end of a container. */
import { textIfThere } from '../host/if-there.ts';

/** Written by helpers/monitor.c. Times are RFC 3339 with nanoseconds, UTC. */
export interface ExitRecord {
  /** The container's own code, 128+n for signal n. */
  exitCode: number;
  startedAt: string;
  finishedAt: string;
  oomKilled: boolean;
  /** Log bytes that could not be written (full disk); 0 normally. */
  droppedLogBytes: number;
}

/** Undefined where the file is missing or was torn by a power cut. */
export function readExitRecord(path: string): ExitRecord | undefined {
  const text = textIfThere(path, 'read an exit record');
  return text === undefined ? undefined : parseExitRecord(text);
}

/** Pure. Unknown members are ignored. */
export function parseExitRecord(text: string): ExitRecord | undefined {
  let value: Partial<Record<keyof ExitRecord, unknown>> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || typeof value.exitCode !== 'number') return undefined;
  return {
    exitCode: value.exitCode,
    startedAt: typeof value.startedAt === 'string' ? value.startedAt : '',
    finishedAt: typeof value.finishedAt === 'string' ? value.finishedAt : '',
    oomKilled: value.oomKilled === true,
    droppedLogBytes: typeof value.droppedLogBytes === 'number' ? value.droppedLogBytes : 0,
  };
}
