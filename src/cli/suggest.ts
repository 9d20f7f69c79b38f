/** "Did you mean": the nearest of a list of words, by edit distance. */

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours each cost one. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = above;
    above = row;
  }
  return above[b.length] ?? 0;
}

/**
 * The words near enough to `word` to be what was meant, nearest first, at most `limit`. Near: at most a third of the
 * letters wrong (two at least are forgiven in words longer than three), or one is the beginning of the other.
 */
export function nearest(word: string, words: readonly string[], limit = 3): string[] {
  const wrongAllowed = word.length <= 3 ? 1 : Math.max(2, Math.floor(word.length / 3));
  return words
    .map((candidate) => {
      const distance = editDistance(word, candidate);
      const prefix = word.length >= 2 && (candidate.startsWith(word) || word.startsWith(candidate)) && candidate.length >= 2;
      return { candidate, distance: prefix ? Math.min(distance, 1.5) : distance };
    })
    .filter(({ candidate, distance }) => distance <= wrongAllowed && distance < Math.max(word.length, candidate.length))
    .toSorted((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}
