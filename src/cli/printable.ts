/** Control characters of a hostile image must not reach the terminal through a table. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is meant
  return text.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ');
}
