/** Link headers: where the next page is. @see RFC 8288 section 3; distribution-spec spec.md "Listing Tags" */

/** The target of rel="next", as written; undefined where there is none. */
export function nextLink(lines: readonly string[]): string | undefined {
  for (const line of lines) {
    // Targets may hold commas, so links are found by their brackets.
    for (const [, target, params = ''] of line.slice(0, 16_384).matchAll(/<([^<>]*)>((?:[^<>"]|"[^"]*")*)/g)) {
      const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(params);
      if ((rel?.[1] ?? rel?.[2] ?? '').toLowerCase().split(/\s+/).includes('next')) return target;
    }
  }
  return undefined;
}
