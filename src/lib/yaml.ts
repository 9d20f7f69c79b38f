/** Plain data as block YAML, keys sorted, as Podman prints `info`. Only for output: what is read as YAML has a parser of its own. */

type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

/** Ends in a newline. */
export function renderYAML(value: Plain): string {
  return isScalar(value) ? `${scalar(value, 0)}\n` : block(value, 0);
}

function isScalar(value: Plain): value is string | number | boolean | null {
  return typeof value !== 'object' || value === null || Object.keys(value).length === 0;
}

function block(value: Plain, depth: number): string {
  const indent = '  '.repeat(depth);
  if (Array.isArray(value)) {
    return (value as readonly Plain[]).map((item) => (isScalar(item) ? `${indent}- ${scalar(item, depth)}\n` : `${indent}- ${block(item, depth + 1).trimStart()}`)).join('');
  }
  return Object.entries(value as Record<string, Plain>).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => {
    if (isScalar(item)) return `${indent}${scalar(key, depth)}: ${scalar(item, depth)}\n`;
    // A list stands under its key without more indentation, as Go's library writes it.
    return `${indent}${scalar(key, depth)}:\n${block(item, Array.isArray(item) ? depth : depth + 1)}`;
  }).join('');
}

function scalar(value: Plain, depth: number): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? '[]' : '{}';
  if (typeof value !== 'string') return String(value);
  if (value.includes('\n') && /^[\t\n\x20-\x7e\u00a0-\ud7ff]*$/.test(value) && !/^\s/.test(value)) {
    const pad = '  '.repeat(depth + 1);
    const body = value.replace(/\n$/, '').split('\n').map((line) => (line === '' ? '' : pad + line)).join('\n');
    return `|${value.endsWith('\n') ? '' : '-'}\n${body}`;
  }
  if (isPlainString(value)) return value;
  // A JSON string is a YAML double-quoted one. Go's library takes it for what needs escapes or looks typed, else single quotes.
  return /^[\x20-\x7e\u00a0-\ud7ff]+$/.test(value) && !looksTyped(value) ? `'${value.replaceAll("'", "''")}'` : JSON.stringify(value);
}

/** What a reader would take for a number, a bool, null or a date. */
function looksTyped(value: string): boolean {
  return /^(?:[-+.]?\d|\.(?:inf|nan)$|[-+]\.inf$|~$|(?:null|true|false|yes|no|on|off|y|n)$)/i.test(value) && (Number.isFinite(Number(value)) || !/^[\d.+-]/.test(value) || /^\d{4}-\d/.test(value));
}

function isPlainString(value: string): boolean {
  return /^[A-Za-z0-9_./(+\u00a1-\ud7ff][\x20-\x7e\u00a0-\ud7ff]*$/.test(value) && !looksTyped(value) && !/: |:$| #|\s$/.test(value);
}
