/** Text that may hold words of registries, archives and images, on its way to a terminal. */

/** Without control characters (C0, DEL, C1) but line feeds and tabs: each becomes a question mark, so that none moves a cursor or colours a lie. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is meant
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '?');
}

/** True where any of them is in it, line feeds and tabs as well: no name has such. */
export function hasControls(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- these are what is meant
  return /[\u0000-\u001f\u007f-\u009f]/.test(text);
}
