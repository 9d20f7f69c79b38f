/** What an unpacker tells besides the tree: plain data, it crosses a process border as JSON. */

/** Data of a file that a later member of the same archive overwrote: tar-split can't find it in the tree. */
export interface Overwritten {
  /** Clean path, binary string. */
  readonly name: string;
  /** Lines of tar-split before this position may be about it, later ones are not. */
  readonly before: number;
  /** Where in the stash file its data is. */
  readonly offset: number;
  readonly length: number;
}

export interface TreeReport {
  /** Sum of file sizes and symlink lengths, hard links once: Docker's "size" of a layer. */
  readonly sizeBytes: number;
  readonly entries: number;
  readonly notes: readonly string[];
  readonly overwritten: readonly Overwritten[];
}

const maxNotes = 20;

/** Gathers the first few notes; one of each text. */
export class Notes {
  readonly #lines = new Set<string>();

  add(line: string): void {
    if (this.#lines.size < maxNotes) this.#lines.add(line);
  }

  list(): string[] {
    return [...this.#lines];
  }
}
