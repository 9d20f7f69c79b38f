/**
 * JSON from outside, read within bounds: size before decoding, depth before parsing, UTF-8 without repair.
 * What comes back is `unknown` made of plain objects; the small readers below turn it into typed values, each naming
 * the document and the field in its error.
 */
import { isUtf8 } from 'node:buffer';
import type { ErrorCode } from '../lib/errors.ts';
import { SkiffError } from '../lib/errors.ts';

export interface JsonBounds {
  /** What the document is, for errors: `manifest`, `image config`. */
  what: string;
  code: ErrorCode;
  maxBytes: number;
  /** Nesting of arrays and objects; real documents stay below ten. */
  maxDepth?: number;
  /** Members of all arrays and objects together: two bytes of text make an object of fifty. */
  maxValues?: number;
  /** Nothing of it gets into an error: the parser's own, which quotes what it could not read, is left out. */
  isSecret?: boolean;
}

/** Some editors put it in front of a file. */
const byteOrderMark = '\uFEFF';

/** A JSON object, as parsed. Own keys only: read with `field`, never by a prototype. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** @throws bounds.code where the bytes are too many, too deep, no UTF-8 or no JSON */
export function parseJson(bytes: Uint8Array, bounds: JsonBounds): unknown {
  const { what, code, maxBytes, maxDepth = 64, maxValues = 500_000, isSecret = false } = bounds;
  if (bytes.length > maxBytes) throw new SkiffError(code, `${what} is too large: ${bytes.length} bytes, at most ${maxBytes}`);
  const excess = excessOf(bytes, maxDepth, maxValues);
  if (excess !== undefined) throw new SkiffError(code, `${what} ${excess}`);
  if (!isUtf8(bytes)) throw new SkiffError(code, `${what} is not valid UTF-8`);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  try {
    return JSON.parse(text.startsWith(byteOrderMark) ? text.slice(1) : text) as unknown;
  } catch (cause) {
    throw new SkiffError(code, `${what} is not valid JSON`, isSecret ? {} : { cause });
  }
}

/** Counts brackets and commas outside strings; needs no valid JSON. Works on bytes because every byte that counts is ASCII. */
function excessOf(bytes: Uint8Array, maxDepth: number, maxValues: number): string | undefined {
  let depth = 0;
  let values = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === 0x5c) at++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > maxDepth) return `is nested deeper than ${maxDepth} levels`;
      if (++values > maxValues) return `has more than ${maxValues} values`;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
    else if (byte === 0x2c && ++values > maxValues) return `has more than ${maxValues} values`;
  }
  return undefined;
}

/** Reads the fields of one object; every failure is a SkiffError of `code` that names `what` and the field. */
export class FieldReader {
  readonly object: JsonObject;
  readonly what: string;
  readonly code: ErrorCode;

  constructor(value: unknown, what: string, code: ErrorCode) {
    if (!isObject(value)) throw new SkiffError(code, `${what} is not a JSON object`);
    this.object = value;
    this.what = what;
    this.code = code;
  }

  fail(name: string, wanted: string): SkiffError {
    return new SkiffError(this.code, `${this.what}: field "${name}" is not ${wanted}`);
  }

  /** The value of an own key; undefined for absent and for null, which Go writes for "empty". */
  value(name: string): unknown {
    return (Object.hasOwn(this.object, name) ? this.object[name] : undefined) ?? undefined;
  }

  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  optionalString(name: string): string | undefined {
    const value = this.value(name);
    if (value !== undefined && typeof value !== 'string') throw this.fail(name, 'a string');
    return value;
  }

  string(name: string): string {
    const value = this.optionalString(name);
    if (value === undefined) throw this.fail(name, 'present');
    return value;
  }

  optionalBoolean(name: string): boolean | undefined {
    const value = this.value(name);
    if (value !== undefined && typeof value !== 'boolean') throw this.fail(name, 'a boolean');
    return value;
  }

  /** A whole number that JavaScript holds exactly. */
  optionalInteger(name: string): number | undefined {
    const value = this.value(name);
    if (value !== undefined && (typeof value !== 'number' || !Number.isSafeInteger(value))) throw this.fail(name, 'a whole number');
    return value;
  }

  optionalArray(name: string, maxLength: number): readonly unknown[] | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw this.fail(name, 'an array');
    if (value.length > maxLength) throw this.fail(name, `an array of at most ${maxLength} elements`);
    return value;
  }

  array(name: string, maxLength: number): readonly unknown[] {
    const value = this.optionalArray(name, maxLength);
    if (value === undefined) throw this.fail(name, 'present');
    return value;
  }

  optionalStrings(name: string, maxLength = 100_000): string[] | undefined {
    return this.optionalArray(name, maxLength)?.map((element) => {
      if (typeof element !== 'string') throw this.fail(name, 'an array of strings');
      return element;
    });
  }

  /** A map of string to string. The result has no prototype to trip over: keys come from outside. */
  optionalStringMap(name: string): Record<string, string> | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (!isObject(value)) throw this.fail(name, 'an object');
    return Object.fromEntries(Object.entries(value).map(([key, text]) => {
      if (text === null) return [key, ''];
      if (typeof text !== 'string') throw this.fail(name, 'a map of strings');
      return [key, text];
    }));
  }

  /** Docker's sets: `{"80/tcp": {}}`. Only the keys mean something. */
  optionalKeySet(name: string): Record<string, object> | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (!isObject(value)) throw this.fail(name, 'an object');
    return Object.fromEntries(Object.keys(value).map((key) => [key, {}]));
  }

  optionalObject(name: string): FieldReader | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : new FieldReader(value, `${this.what}: field "${name}"`, this.code);
  }

  /**
   * Refuses keys that differ from a known one only by case. Go's decoder would take them for the known one and ours would
   * not: two readers that see two documents in one digest is the confusion to be immune to.
   */
  refuseCaseVariants(known: readonly string[]): void {
    const exact = new Set(known);
    const folded = new Set(known.map((name) => name.toLowerCase()));
    for (const key of Object.keys(this.object)) {
      if (!exact.has(key) && folded.has(key.toLowerCase())) {
        throw new SkiffError(this.code, `${this.what} is ambiguous: unexpected spelling of field ${JSON.stringify(key)}`);
      }
    }
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
