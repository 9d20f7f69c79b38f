/** Go's quoted strings, read and written. @see strconv.Quote, strconv.Unquote */

const named: Readonly<Record<string, string>> = { a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', "'": "'", '"': '"' };

/** The value of "…", `…` or '…', delimiters included; undefined where an escape is none of Go's. */
export function unquote(quoted: string): string | undefined {
  const body = quoted.slice(1, -1);
  if (quoted.startsWith('`')) return body.replaceAll('\r', '');
  let wrong = false;
  const value = body.replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([^]))/g, (_, x?: string, u?: string, U?: string, octal?: string, letter?: string) => {
    const hex = x ?? u ?? U;
    if (hex !== undefined) return codePoint(Number.parseInt(hex, 16));
    if (octal !== undefined) return codePoint(Number.parseInt(octal, 8));
    const plain = named[letter ?? ''];
    if (plain === undefined) wrong = true;
    return plain ?? '';
  });
  return wrong ? undefined : value;

  function codePoint(code: number): string {
    if (code > 0x10ffff) {
      wrong = true;
      return '';
    }
    return String.fromCodePoint(code);
  }
}

const escapes: Readonly<Record<string, string>> = {
  '\u0007': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v', '\\': '\\\\', '"': '\\"',
};

/** As %q prints a string: printable characters stay, the others become escapes. */
export function quote(text: string): string {
  return `"${text.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (character) => {
    const known = escapes[character];
    if (known !== undefined) return known;
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  })}"`;
}
