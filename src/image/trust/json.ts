/**
 * Keys that stand twice in one object. JSON.parse keeps the last of them in silence, other readers the first: in a policy that is the
 * difference between "reject" and "accept". Pure.
 */

/** The first such key in a text that is known to be valid JSON. */
export function duplicateKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = []; // a set for each object that is open, undefined for an array
  let at = 0;
  let lastString: string | undefined;
  while (at < text.length) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      lastString = text.slice(at, end);
      at = end;
      continue;
    }
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(undefined);
    else if (character === '}' || character === ']') open.pop();
    else if (character === ':') {
      const key = JSON.parse(lastString ?? '""') as string;
      const keys = open.at(-1);
      if (keys?.has(key) === true) return key;
      keys?.add(key);
    }
    at++;
  }
  return undefined;
}

/** The index behind the closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}
