/**
 * The text of an auth file. Nothing of it gets into an error message: what is wrong with a file may be that a secret stands in the
 * wrong place.
 * @see containers-auth.json(5); docker CLI config.json (auths, credsStore, credHelpers)
 */
import { SkiffError, wrap } from '../../lib/errors.ts';
import { isObject } from '../../lib/json.ts';
import { parseJson } from '../../oci/json.ts';
import type { Credential } from '../index.ts';

/** Real ones have a few entries; one that is larger is something else. */
const maxBytes = 4 * 1024 * 1024;

export interface AuthDocument {
  /** By key as written: host, host/namespace, or the URL of an API. Undefined: an entry without a secret ("logged in elsewhere"). */
  readonly auths: ReadonlyMap<string, Credential | undefined>;
  /** By host: the suffix of a docker-credential-* program. */
  readonly credHelpers: ReadonlyMap<string, string>;
  /** Docker: the helper for every host that isn't in credHelpers. */
  readonly credsStore: string | undefined;
}

/** The JSON object of an auth file, for reading and for writing it back. @throws CONFIG_INVALID naming the file only */
export function parseAuthObject(bytes: Uint8Array, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    if (bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d))) return {}; // touch(1) made it
    value = parseJson(bytes, { what: JSON.stringify(path), code: 'CONFIG_INVALID', maxBytes, isSecret: true });
  } catch (error) {
    throw wrap(error, 'read credentials', { data: { path } });
  }
  if (!isObject(value)) throw invalid(path, 'is not a JSON object');
  return value;
}

/** @throws CONFIG_INVALID */
export function parseAuthDocument(bytes: Uint8Array, path: string, legacy: boolean): AuthDocument {
  const document = parseAuthObject(bytes, path);
  const auths = legacy ? document : member(document, 'auths', path);
  const helpers = member(legacy ? {} : document, 'credHelpers', path);
  const store = legacy ? undefined : document['credsStore'];
  if (store !== undefined && store !== null && typeof store !== 'string') throw invalid(path, 'credsStore must be a string');
  return {
    auths: new Map(Object.entries(auths).map(([key, entry]) => [key, readEntry(entry, key, path)])),
    credHelpers: new Map(Object.entries(helpers).map(([key, helper]) => {
      if (typeof helper !== 'string') throw invalid(path, `credHelpers: ${JSON.stringify(key)} must be a string`);
      return [key, helper];
    })),
    credsStore: typeof store === 'string' && store !== '' ? store : undefined,
  };
}

function member(document: Record<string, unknown>, name: string, path: string): Record<string, unknown> {
  const value = document[name] ?? {};
  if (!isObject(value)) throw invalid(path, `${name} must be an object`);
  return value;
}

function readEntry(entry: unknown, key: string, path: string): Credential | undefined {
  if (!isObject(entry)) throw invalid(path, `entry ${JSON.stringify(key)} must be an object`);
  const text = (name: string): string => {
    const value = entry[name] ?? '';
    if (typeof value !== 'string') throw invalid(path, `entry ${JSON.stringify(key)}: ${name} must be a string`);
    return value;
  };
  const identity = text('identitytoken');
  if (identity !== '') return { kind: 'identity', token: identity };
  const auth = text('auth');
  if (auth !== '') return decodeAuth(auth, key, path);
  const username = text('username');
  return username === '' ? undefined : { kind: 'basic', username, password: text('password') };
}

/** base64 of "user:password"; the password may have colons, the user name none. */
function decodeAuth(auth: string, key: string, path: string): Credential {
  if (!/^[A-Za-z0-9+/]+={0,2}\s*$/.test(auth)) throw invalid(path, `entry ${JSON.stringify(key)}: auth is not base64`);
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) throw invalid(path, `entry ${JSON.stringify(key)}: auth is not base64 of "user:password"`);
  // Old Dockers padded the password with NULs.
  return { kind: 'basic', username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
}

/** What `auth` holds for a user name and a password. */
export function encodeAuth(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}

function invalid(path: string, what: string): SkiffError {
  return new SkiffError('CONFIG_INVALID', `read credentials: ${JSON.stringify(path)} ${what}`, { data: { path } });
}
