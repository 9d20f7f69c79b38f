/**
 * Plain JavaScript values seen with Go's eyes. A plain object stands for a struct where all its keys look like exported
 * fields ("Id", "State"), else for a map; goMap() and Map settle it. null is nil; undefined is what a missing key gives.
 */
import { GoTime } from '../go-time.ts';

const maps = new WeakSet<object>();

/** Marks an object as a Go map, so that a missing key is "<no value>" and no error: labels, options, environment. */
export function goMap<T extends object>(object: T): T {
  maps.add(object);
  return object;
}

/** A map that is nil in Go: empty to templates, null in JSON. */
export function nilMap(): Record<string, never> {
  return asNil(goMap({}));
}

/** A list that is nil in Go: empty to templates, null in JSON. */
export function nilList(): never[] {
  return asNil([]);
}

function asNil<T extends object>(value: T): T {
  return Object.defineProperty(value, 'toJSON', { value: () => null, enumerable: false });
}

/** A struct with fields that JSON leaves out while they are empty (omitempty): templates see them, with the values of `zeros`. */
export function omitEmpty<T extends object>(zeros: object, fields: T): T {
  return Object.assign(Object.create(zeros) as object, fields);
}

export function isMap(value: object): boolean {
  if (value instanceof Map || maps.has(value)) return true;
  if (Array.isArray(value) || !isPlain(value)) return false;
  const fields = Object.entries(value);
  return fields.length === 0 || !fields.every(([key, field]) => typeof field === 'function' || /^[A-Z][A-Za-z0-9_]*$/.test(key));
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Key and value pairs of a map, sorted by key as Go ranges over and prints them. */
export function entriesOf(value: object): [string | number, unknown][] {
  const pairs = (value instanceof Map ? [...value] : Object.entries(value)) as [string | number, unknown][];
  return pairs.toSorted(([a], [b]) => (typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : 1));
}

/** True, non-zero, non-empty; a struct always is. */
export function isTrue(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return Boolean(value);
  if (Array.isArray(value)) return value.length > 0;
  return !isMap(value) || entriesOf(value).length > 0;
}

/** Go's name for the type, as far as a JavaScript value tells. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int64';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float64';
  if (value instanceof GoTime) return 'time.Time';
  if (Array.isArray(value)) {
    const kinds = new Set(value.map((item) => typeName(item)));
    return `[]${kinds.size === 1 ? [...kinds][0] : 'interface {}'}`;
  }
  if (typeof value === 'object' && isMap(value)) return 'map[string]interface {}';
  return 'struct';
}

/** How %v prints it (%+v with field names; `sharp` for %#v is not needed by any --format). */
export function show(value: unknown, withNames = false): string {
  if (value === undefined || value === null) return '<nil>';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return showNumber(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'function') return 'func';
  if (Array.isArray(value)) return `[${value.map((item) => show(item, withNames)).join(' ')}]`;
  if (typeof value !== 'object') return '';
  if (!isPlain(value) && !(value instanceof Map) && String(value) !== '[object Object]') return String(value);
  if (isMap(value)) return `map[${entriesOf(value).map(([key, item]) => `${key}:${show(item, withNames)}`).join(' ')}]`;
  const fields = Object.entries(value).filter(([, field]) => typeof field !== 'function');
  return `{${fields.map(([name, field]) => (withNames ? `${name}:${show(field, withNames)}` : show(field, withNames))).join(' ')}}`;
}

/** Integers in full, other numbers as %g of the shortest form. */
export function showNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const magnitude = Math.abs(value);
  if (Number.isSafeInteger(value)) return String(value);
  if (magnitude >= 1e21 || (magnitude < 1e-4 && magnitude > 0)) return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  return String(value);
}

/** What a lone value prints: nothing found is "<no value>", a nil "<nil>". */
export function showResult(value: unknown): string {
  return value === undefined ? '<no value>' : show(value);
}
