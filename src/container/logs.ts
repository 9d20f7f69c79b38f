/** What a container wrote, whatever the log driver. */
import { SkiffError } from '../lib/errors.ts';
import { log } from '../lib/log.ts';
import type { ContainerID } from '../oci/ids.ts';
import type { Context } from './index.ts';
import { logLoss } from './log-loss.ts';
import { parseJsonLine, parseK8sLine, timeMs, type LogEntry } from './logs/entry.ts';
import { followLog, LogReader } from './logs/read.ts';
import { nameOf, readRecord } from './record.ts';
import { containerState } from './state.ts';
import { untilEnd } from './wait.ts';

export interface LogsRequest {
  id: ContainerID;
  follow: boolean;
  /** Last lines of it; undefined: all. */
  tail: number | undefined;
  /** Milliseconds since the epoch. */
  sinceMs: number | undefined;
  untilMs: number | undefined;
  emit: (entry: LogEntry) => void;
  /** Aborted where something fails (`emit`, most often: nobody reads any more), and ends all following that shares it. */
  leaving: AbortController;
}

/**
 * Resolves when all is emitted; with `follow`, when the container has ended.
 * @throws UNSUPPORTED for drivers that keep nothing; what `emit` throws
 */
export async function readLogs(context: Context, request: LogsRequest): Promise<void> {
  try {
    await read(context, request);
  } catch (error) {
    request.leaving.abort();
    throw error;
  }
}

async function read(context: Context, request: LogsRequest): Promise<void> {
  const record = readRecord(context, request.id);
  const { logDriver } = record.Skiff;
  const emit = (entry: LogEntry): void => {
    const time = request.sinceMs === undefined && request.untilMs === undefined ? 0 : timeMs(entry);
    if (request.sinceMs !== undefined && time < request.sinceMs) return;
    if (request.untilMs !== undefined && time > request.untilMs) return;
    request.emit(entry);
  };
  const status = containerState(context, request.id).status;
  const loss = logLoss(context, request.id);
  if (loss !== undefined) log.warn(`container "${nameOf(record)}": ${loss}`);
  const follow = request.follow && (status === 'running' || status === 'starting' || status === 'paused');
  const ended = follow ? untilEnd(context, request.id, request.leaving.signal) : Promise.resolve();
  switch (logDriver) {
    case 'json-file':
    case 'k8s-file': {
      const read = { path: record.LogPath, parse: logDriver === 'json-file' ? parseJsonLine : parseK8sLine, tail: request.tail, emit };
      if (follow) return followLog(read, ended);
      const reader = new LogReader(read);
      reader.pump();
      reader.close();
      return;
    }
    case 'journald': {
      const { readJournal } = await import('./logs/journal.ts');
      return readJournal({ id: request.id, tail: request.tail, follow, ended, emit });
    }
    case 'none':
    case 'passthrough':
      throw new SkiffError('UNSUPPORTED', `logs of container "${nameOf(record)}": its log driver is "${logDriver}", which keeps nothing`, { hint: 'create it with --log-driver json-file' });
  }
}
