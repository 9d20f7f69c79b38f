/** Control characters of a hostile image must not reach the terminal through a table. */

// oxlint-disable-next-line no-control-regex -- these are what is meant
const controls = /[\u0000-\u001f\u007f-\u009f]+/g;

/** Each run of control characters, line feeds and tabs too, becomes a blank: none moves the cursor, colors a lie or begins a row. */
export function printable(text: string): string {
  return text.replace(controls, ' ');
}
