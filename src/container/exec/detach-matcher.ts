/** Finds the detach sequence in what is typed. Bytes of a sequence that is not finished are held back and passed on when it breaks off. */
export class DetachMatcher {
  readonly #sequence: Buffer;
  #matched = 0;

  /** An empty sequence never matches. */
  constructor(sequence: Buffer) {
    this.#sequence = sequence;
  }

  /** What goes on to the process; after a detach, nothing more is to be fed. */
  feed(bytes: Uint8Array): { pass: Buffer; detached: boolean } {
    const sequence = this.#sequence;
    if (sequence.length === 0) return { pass: Buffer.from(bytes), detached: false };
    const pass: number[] = [];
    for (const byte of bytes) {
      // A byte that breaks a sequence off may begin another one.
      while (this.#matched > 0 && byte !== sequence[this.#matched]) this.#giveBack(pass);
      if (byte !== sequence[this.#matched]) {
        pass.push(byte);
        continue;
      }
      this.#matched++;
      if (this.#matched === sequence.length) return { pass: Buffer.from(pass), detached: true };
    }
    return { pass: Buffer.from(pass), detached: false };
  }

  /** Passes the first held bytes on, until what is left is again a beginning of the sequence. */
  #giveBack(pass: number[]): void {
    const held = this.#sequence.subarray(0, this.#matched);
    let kept = this.#matched - 1;
    while (kept > 0 && !held.subarray(this.#matched - kept).equals(this.#sequence.subarray(0, kept))) kept--;
    pass.push(...held.subarray(0, this.#matched - kept));
    this.#matched = kept;
  }
}
