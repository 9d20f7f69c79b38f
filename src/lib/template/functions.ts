/**
 * The functions of a template: Go's own, and those that Podman and Docker add to --format.
 * @see text/template "Functions"; docker docs "Format command and log output"; containers/common pkg/report
 */
import { GoTime } from '../go-time.ts';
import { entriesOf, isMap, isTrue, show, typeName } from './values.ts';
import { sprintf } from './printf.ts';

export type TemplateFunction = (...args: never[]) => unknown;

/** A mistake in a call; the executor adds where. */
export class CallError extends Error {}

/** Functions of Go's that take any number of arguments from their least on; all others take just as many as they name. */
export const variadic: ReadonlySet<string> = new Set(['index', 'slice', 'print', 'printf', 'println', 'html', 'js', 'urlquery', 'call', 'eq']);

/** `and` and `or` are not here: they stop at the first that decides, so the executor does them. */
export const standardFunctions: Readonly<Record<string, (...args: unknown[]) => unknown>> = {
  not: (value) => !isTrue(value),
  len: length,
  index: (value, ...keys) => keys.reduce(indexOne, value),
  slice,
  print: (...args) => print(args),
  printf: (format, ...args) => sprintf(string(format), args),
  println: (...args) => `${args.map((value) => show(value)).join(' ')}\n`,
  html: (...args) => print(args).replace(/[&<>"'\0]/g, (character) => htmlEscapes[character] ?? character),
  js: (...args) => print(args).replace(/[\\'"<>&=\n\r\t]/g, (character) => jsEscapes[character] ?? character),
  urlquery: (...args) => encodeURIComponent(print(args)).replaceAll('%20', '+').replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`),
  call: (callee, ...args) => {
    if (typeof callee !== 'function') throw new CallError(`non-function of type ${typeName(callee)}`);
    return (callee as (...values: unknown[]) => unknown)(...args);
  },
  eq: (first, ...others) => {
    if (others.length === 0) throw new CallError('missing argument for comparison');
    return others.some((other) => equal(first, other));
  },
  ne: (a, b) => !equal(a, b),
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
  json: (value) => JSON.stringify(toJson(value)) ?? 'null',
  join: (list, separator) => {
    if (list === null || list === undefined) return '';
    if (!Array.isArray(list)) throw new CallError(`wrong type for value; expected []string; got ${typeName(list)}`);
    return list.map((item) => show(item)).join(string(separator));
  },
  split: (text, separator) => string(text).split(string(separator)),
  lower: (text) => string(text).toLowerCase(),
  upper: (text) => string(text).toUpperCase(),
  title: (text) => string(text).replace(/(^|[^\p{L}\p{N}_])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase()),
  pad: (text, before, after) => (string(text) === '' ? '' : ' '.repeat(integer(before)) + string(text) + ' '.repeat(integer(after))),
  truncate: (text, count) => [...string(text)].slice(0, Math.max(0, integer(count))).join(''),
};

const htmlEscapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;', '\0': '\uFFFD' };
const jsEscapes: Readonly<Record<string, string>> = {
  '\\': '\\\\', "'": "\\'", '"': '\\"', '<': '\\u003C', '>': '\\u003E', '&': '\\u0026', '=': '\\u003D', '\n': '\\n', '\r': '\\r', '\t': '\\t',
};

/** Blanks only between operands neither of which is a string, as fmt.Sprint. */
function print(args: readonly unknown[]): string {
  return args.map((value, i) => (i > 0 && typeof value !== 'string' && typeof args[i - 1] !== 'string' ? ' ' : '') + show(value)).join('');
}

function string(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && String(value) !== '[object Object]') return String(value);
  throw new CallError(value === undefined || value === null ? 'invalid value; expected string' : `wrong type for value; expected string; got ${typeName(value)}`);
}

function integer(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw new CallError(`wrong type for value; expected int; got ${typeName(value)}`);
}

function length(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (typeof value === 'object' && value !== null && isMap(value)) return entriesOf(value).length;
  throw new CallError(value === undefined || value === null ? 'len of nil pointer' : `len of type ${typeName(value)}`);
}

function indexOne(value: unknown, key: unknown): unknown {
  if (value === undefined || value === null) throw new CallError('index of untyped nil');
  if (Array.isArray(value)) {
    const at = integer(key);
    if (at < 0 || at >= value.length) throw new CallError(`index out of range: ${at}`);
    return value[at];
  }
  if (typeof value === 'string') return indexOne([...Buffer.from(value)], key);
  if (typeof value !== 'object' || !isMap(value)) throw new CallError(`can't index item of type ${typeName(value)}`);
  if (typeof key !== 'string' && !(value instanceof Map)) throw new CallError(`value has type ${typeName(key)}; should be string`);
  const entries = entriesOf(value);
  const found = entries.find(([name]) => String(name) === String(key));
  // The zero value of the map's elements: a map of strings (labels, say) gives "", any other nothing.
  return found === undefined ? (entries.every(([, item]) => typeof item === 'string') ? '' : undefined) : found[1];
}

function slice(value: unknown, ...bounds: unknown[]): unknown {
  if (typeof value !== 'string' && !Array.isArray(value)) throw new CallError(`can't slice item of type ${typeName(value)}`);
  const [start = 0, end = value.length] = bounds.map((bound) => integer(bound));
  if (bounds.length > 2) throw new CallError(`too many slice indexes: ${bounds.length}`);
  if (start < 0 || end > value.length || start > end) throw new CallError(`index out of range: ${end > value.length ? end : start}`);
  return value.slice(start, end);
}

function basicKind(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'boolean') return typeof value;
  if (typeof value === 'number' || typeof value === 'bigint') return 'number';
  throw new CallError(`non-comparable type ${show(value)}: ${typeName(value)}`);
}

function equal(a: unknown, b: unknown): boolean {
  if (a === null || a === undefined || b === null || b === undefined) return (a ?? null) === (b ?? null);
  if (a instanceof GoTime && b instanceof GoTime) return a.Equal(b);
  if (basicKind(a) !== basicKind(b)) throw new CallError('incompatible types for comparison');
  // oxlint-disable-next-line eqeqeq -- an int64 (bigint) equals an int of the same value
  return a == b;
}

function compare(a: unknown, b: unknown): number {
  if (basicKind(a) !== basicKind(b)) throw new CallError('incompatible types for comparison');
  if (typeof a === 'boolean') throw new CallError('invalid type for comparison');
  const [x, y] = [a as string | number, b as string | number];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Map becomes an object; big integers stay exact where JSON can't hold them, as text. */
function toJson(value: unknown): unknown {
  if (typeof value === 'object' && value !== null && typeof (value as { toJSON?: unknown }).toJSON === 'function') return value;
  if (value instanceof Map) return Object.fromEntries(entriesOf(value).map(([key, item]) => [key, toJson(item)]));
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map((item) => toJson(item));
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]));
  }
  return value;
}
