/**
 * /etc/subuid and /etc/subgid, read as helpers/launcher/subid.c reads them (an integration test compares the two on random
 * files). The launcher decides by its own reading; this one is for telling the user what is wrong.
 * @see subuid(5)
 */
import type { SubordinateRange } from './index.ts';

/** Ids are 32 bits wide and the last one means "none". @see user_namespaces(7) */
const idLimit = 0xffff_ffff;

/** The ranges that `text` gives to a user, by name or by number, in the file's order. Lines that can't be read give nothing. */
export function parseSubordinateIDs(text: string, user: string | undefined, uid: number): SubordinateRange[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([^:]*):(\d+):(\d+)(?:[ \t].*)?$/.exec(line);
    if (match === null || (match[1] !== user && match[1] !== String(uid))) return [];
    const [start, count] = [Number(match[2]), Number(match[3])];
    if (start >= idLimit || count > idLimit || count === 0) return [];
    return [{ start, count: Math.min(count, idLimit - start) }];
  });
}

/** First id after everything that `texts` (the files of users and groups) give to anyone; at least 100000, where distributions begin. */
export function firstFreeID(...texts: readonly string[]): number {
  const ends = texts.flatMap((text) => [...text.matchAll(/^[^:\n]*:(\d+):(\d+)/gm)].map((match) => Number(match[1]) + Number(match[2])));
  return Math.max(100_000, ...ends);
}
