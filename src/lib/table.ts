/**
 * Columns as Go's text/tabwriter lays them out, which is how Podman and Docker print listings: cells end at a tab, a column
 * reaches over neighbouring lines that have it, is at least 12 wide, and 2 blanks lie between.
 */

export interface TableLayout { minWidth?: number; padding?: number }

/** Width of text on a terminal. */
type Measure = (text: string) => number;

/** Aligns the tab-separated cells of `text`. Asynchronous only for text beyond ASCII, whose width needs tables of characters. */
export async function alignTabs(text: string, layout: TableLayout = {}): Promise<string> {
  // oxlint-disable-next-line no-control-regex -- ASCII is what is meant
  if (/^[\x00-\x7F]*$/.test(text)) return align(text, (cell) => cell.length, layout);
  // string-width costs some 20 ms to load (Intl.Segmenter), so it is loaded when there is something to measure.
  const { default: stringWidth } = await import('string-width');
  return align(text, (cell) => stringWidth(cell), layout);
}

function align(text: string, measure: Measure, { minWidth = 12, padding = 2 }: TableLayout): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const widths = lines.map((cells) => cells.map(() => 0));
  column(0, lines.length, 0);
  return lines.map((cells, row) => cells.map((cell, i) => (i === cells.length - 1 ? cell : cell + ' '.repeat((widths[row]?.[i] ?? 0) - measure(cell)))).join('')).join('\n');

  /** Gives column `at` its width in each run of neighbouring lines (from `start` up to `end`) that have it; then the next. */
  function column(start: number, end: number, at: number): void {
    const hasColumn = (row: number): boolean => (lines[row]?.length ?? 0) - 1 > at;
    let row = start;
    while (row < end) {
      if (!hasColumn(row)) {
        row++;
        continue;
      }
      let stop = row;
      let width = minWidth;
      while (stop < end && hasColumn(stop)) width = Math.max(width, measure(lines[stop++]?.[at] ?? '') + padding);
      for (const own of widths.slice(row, stop)) own[at] = width;
      column(row, stop, at + 1);
      row = stop;
    }
  }
}
