/** Content-Range of an answer. @see RFC 9110 section 14.4 */
export interface ContentRange {
  /** Undefined in an answer that has no part to give, but only the total. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly totalBytes: number | undefined;
}

/** Undefined where the text is none, or makes no sense. */
export function parseContentRange(text: string | undefined): ContentRange | undefined {
  const found = /^bytes (?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/.exec(text?.trim() ?? '');
  if (found === null) return undefined;
  const number = (part: string | undefined): number | undefined => (part === undefined || part === '*' ? undefined : Number(part));
  const [first, last, totalBytes] = [number(found[1]), number(found[2]), number(found[3])];
  if (first === undefined || last === undefined) return totalBytes === undefined ? undefined : { first, last, totalBytes };
  return first > last || (totalBytes !== undefined && last >= totalBytes) ? undefined : { first, last, totalBytes };
}
