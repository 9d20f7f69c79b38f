/** Which containers a listing shows, in which order. */
import type { Context } from './index.ts';
import { parseFilters, wantsAll } from './filters.ts';
import { listedContainers } from './listed.ts';
import { findContainer } from './lookup.ts';
import { readRecord } from './record.ts';
import { runningContainers, type Summary } from './summary.ts';

export interface ListRequest {
  /** Stopped and created ones too. */
  all: boolean;
  filters: readonly string[];
  /** The newest n, running or not. */
  last?: number | undefined;
  /** What `ancestor` names, by image ids; the caller knows images. */
  imageIDs: (reference: string) => readonly string[];
}

/** Oldest first, as they were created. @throws USAGE CONTAINER_UNKNOWN (before, since) */
export function listContainers(context: Context, request: ListRequest): Summary[] {
  const limited = request.last !== undefined && request.last >= 0;
  const everything = request.all || limited || wantsAll(request.filters);
  const keep = parseFilters(request.filters, {
    nowMs: Date.now(), imageIDs: request.imageIDs,
    createdOf: (container) => readRecord(context, findContainer(context, container)).Created,
  });
  const found = (everything ? listedContainers(context) : runningContainers(context)).filter(keep);
  return limited ? found.slice(Math.max(0, found.length - (request.last ?? 0))) : found;
}

/** The newest container, whatever it does; for `--latest`. */
export function latestContainer(context: Context): Summary | undefined {
  return listedContainers(context).at(-1);
}
