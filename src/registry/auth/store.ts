/**
 * What login and logout change. A file is read, changed and renamed under one lock of the user's, so that of two logins at once both
 * stay; every key that we don't know is written back as it was. Credential helpers are called outside of the lock.
 * @see containers-auth.json(5)
 */
import { dirname } from 'node:path';
import { writeFileAtomic } from '../../host/atomic-write.ts';
import { config } from '../../host/config/index.ts';
import { realPathIfThere } from '../../host/if-there.ts';
import { withLock } from '../../host/locks.ts';
import { makeFolders } from '../../host/make-folders.ts';
import { SkiffError, wrap } from '../../lib/errors.ts';
import { isObject } from '../../lib/json.ts';
import { join } from '../../lib/paths.ts';
import type { Credential } from '../index.ts';
import { filesHelper, readAuthBytes } from './credentials.ts';
import { eraseFromHelper, listHelper, tellHelper } from './helper.ts';
import { dockerHubKey, helperServers, hostOfKey, normalHost } from './keys.ts';
import { encodeAuth, parseAuthDocument, parseAuthObject } from './parse.ts';

export interface StorePlace {
  /** The file that login writes. */
  readonly path: string;
  /** credential-helpers of registries.conf: the first one stores. */
  readonly helpers: readonly string[];
  /** The file is Docker's (--compat-auth-file): Docker Hub has Docker's key there, and namespaces aren't understood. */
  readonly docker?: boolean;
}

type Basic = Extract<Credential, { kind: 'basic' }>;

/**
 * Stores a credential under `key`: host or host/namespace. Returns where: a file's path or a helper's name.
 * @throws CONFIG_INVALID where the file is damaged (it is left as it is); HELPER_*; what writing throws
 */
export async function storeCredential(place: StorePlace, key: string, credential: Basic): Promise<string> {
  if (place.docker === true && key.includes('/')) throw new SkiffError('UNSUPPORTED', `a file of Docker's format keeps credentials by registry, not for ${JSON.stringify(key)}`);
  const [first = filesHelper] = place.helpers;
  const [helper] = first === filesHelper ? helpersOfFile(place, key) : [first];
  if (helper !== undefined) {
    refuseNamespace(key, helper);
    await tellHelper(helper, helperServers(key)[0] ?? key, credential);
    return helper;
  }
  await changeFile(place.path, (document) => {
    entries(document, place.path)[fileKey(place, key)] = { auth: encodeAuth(credential.username, credential.password) };
    return true;
  });
  return place.path;
}

/** True where there was a credential under `key`, or one of Docker's that is read for that host (its key a URL), which is gone now. @throws as storeCredential */
export async function removeCredential(place: StorePlace, key: string): Promise<boolean> {
  const means = (name: string): boolean => name === key || (!key.includes('/') && hostOfKey(name, false) === normalHost(key));
  let removed = false;
  for (const helper of helpersFor(place, key)) {
    for (const server of key.includes('/') ? [] : helperServers(key)) {
      if (await eraseFromHelper(helper, server)) removed = true;
    }
  }
  await changeFile(place.path, (document) => {
    const auths = document['auths'];
    const found = isObject(auths) ? Object.keys(auths).filter(means) : [];
    for (const name of found) delete (auths as Record<string, unknown>)[name];
    if (found.length > 0) removed = true;
    return found.length > 0;
  });
  return removed;
}

/** Removes all entries of the file and all that its helpers hold for the hosts that it names. @throws as storeCredential */
export async function removeAllCredentials(place: StorePlace): Promise<void> {
  const bytes = readAuthBytes(place.path);
  const document = bytes === undefined ? undefined : parseAuthDocument(bytes, place.path, false);
  for (const helper of place.helpers.filter((name) => name !== filesHelper)) {
    for (const server of (await listHelper(helper)).keys()) await eraseFromHelper(helper, server);
  }
  for (const [server, helper] of document?.credHelpers ?? []) await eraseFromHelper(helper, server);
  // What a login has put there leaves no entry in the file.
  if (document?.credsStore !== undefined) for (const server of new Set([...document.auths.keys(), ...(await listHelper(document.credsStore)).keys()])) await eraseFromHelper(document.credsStore, server);
  await changeFile(place.path, (object) => {
    if (!isObject(object['auths']) || Object.keys(object['auths']).length === 0) return false;
    object['auths'] = {};
    return true;
  });
}

/**
 * The helpers that may have a host's credential, in registries.conf's order; where that says the files, the file's own choice.
 */
function helpersFor(place: StorePlace, key: string): string[] {
  return place.helpers.flatMap((name) => (name === filesHelper ? helpersOfFile(place, key) : [name]));
}

function helpersOfFile(place: StorePlace, key: string): string[] {
  const bytes = readAuthBytes(place.path);
  if (bytes === undefined) return [];
  const document = parseAuthDocument(bytes, place.path, false);
  const named = [key, ...helperServers(key)].map((server) => document.credHelpers.get(server)).find((name) => name !== undefined && name !== '');
  if (named !== undefined) return [named];
  return document.credsStore === undefined || key.includes('/') ? [] : [document.credsStore];
}

function refuseNamespace(key: string, helper: string): void {
  if (key.includes('/')) throw new SkiffError('UNSUPPORTED', `credential helper ${JSON.stringify(helper)} keeps credentials by registry, not for ${JSON.stringify(key)}`);
}

function fileKey(place: StorePlace, key: string): string {
  return place.docker === true && key === 'docker.io' ? dockerHubKey : key;
}

function entries(document: Record<string, unknown>, path: string): Record<string, unknown> {
  const auths = (document['auths'] ??= {});
  if (!isObject(auths)) throw new SkiffError('CONFIG_INVALID', `${JSON.stringify(path)}: auths must be an object`);
  return auths;
}

/** Reads, changes and replaces; nothing is written where `change` says that there is nothing to. The folder is made, 0700. */
async function changeFile(path: string, change: (document: Record<string, unknown>) => boolean): Promise<void> {
  await withLock(join(config().runtimeDir, 'auth.lock'), 'exclusive', () => {
    const target = realPathIfThere(path, 'write credentials');
    const bytes = readAuthBytes(target);
    const document = bytes === undefined ? {} : parseAuthObject(bytes, target);
    if (!change(document)) return;
    try {
      makeFolders(dirname(target), 0o700);
      writeFileAtomic(target, `${JSON.stringify(document, undefined, '\t')}\n`, { mode: 0o600 });
    } catch (error) {
      throw wrap(error, 'write credentials');
    }
  });
}
