/** /proc/PID/uid_map and gid_map. @see user_namespaces(7) */
import type { IDRange } from './index.ts';

/** Lines in the kernel's order; lines that are none are passed over. */
export function parseIDMap(text: string): IDRange[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s*$/.exec(line);
    return match === null ? [] : [{ inside: Number(match[1]), outside: Number(match[2]), size: Number(match[3]) }];
  });
}

/** How many ids exist in a namespace with this map. */
export function mappedIDs(map: readonly IDRange[]): number {
  return map.reduce((sum, range) => sum + range.size, 0);
}
