/**
 * What `login` and `logout` are about: a key under which a credential stands, the registry that it belongs to, and what is known of it
 * already. Proving a credential is the client's (RegistryClient.login), storing it is store.ts.
 */
import { SkiffError, wrap } from '../../lib/errors.ts';
import { canonicalName, normalize, parseReference } from '../../oci/reference.ts';
import type { Repository } from '../index.ts';
import type { RegistriesConf } from '../registries-conf-parse.ts';
import { registriesConf } from '../registries-conf.ts';
import type { Found } from './credentials.ts';
import { credentialFinder } from './credentials.ts';
import { authFiles } from './files.ts';
import { normalHost } from './keys.ts';
import type { StorePlace } from './store.ts';

export interface LoginKey {
  /** As it stands in the file: host[:port] or host[:port]/namespace. */
  readonly key: string;
  readonly repository: Repository;
}

/**
 * REGISTRY of login and logout: host[:port], a namespace or repository in it, or the URL of either's host ("https://index.docker.io/v1/").
 * Without it the first search registry of registries.conf, as Podman has it.
 * @throws USAGE where there is none; REFERENCE_INVALID
 */
export function loginKey(conf: RegistriesConf, text: string | undefined): LoginKey {
  const given = text ?? conf.search?.registries[0];
  if (given === undefined || given === '') throw new SkiffError('USAGE', 'no registries found in registries.conf, a registry must be provided');
  const url = /^https?:\/\/([^/]+)/i.exec(given)?.[1];
  const bare = (url ?? given).replace(/\/+$/, '');
  if (!bare.includes('/')) {
    checkHost(bare);
    const domain = normalHost(bare);
    return { key: domain, repository: { domain, path: '' } };
  }
  let reference;
  try {
    reference = parseReference(bare);
  } catch (error) {
    throw wrap(error, `parse reference from ${JSON.stringify(bare)}`);
  }
  if (reference.tag !== undefined || reference.digest !== undefined) throw new SkiffError('REFERENCE_INVALID', `reference ${JSON.stringify(bare)} contains tag or digest`);
  if (reference.domain === undefined) throw new SkiffError('REFERENCE_INVALID', `${JSON.stringify(bare)} names no registry`, { hint: `for a namespace of Docker Hub: docker.io/${bare}` });
  const named = normalize(reference);
  // "docker.io/user" is a namespace, not docker.io/library/user.
  const path = reference.path;
  return { key: `${named.domain}/${path}`, repository: { domain: named.domain, path } };
}

function checkHost(host: string): void {
  // The grammar knows hosts only before a path; a host without dot or port ("registry") is fine here.
  const probe = /[.:]/.test(host) || host === 'localhost' ? host : `${host}:1`;
  try {
    if (canonicalName(normalize(parseReference(`${probe}/x`))).includes('/')) return;
  } catch (cause) {
    throw new SkiffError('REFERENCE_INVALID', `${JSON.stringify(host)} is no registry: want HOST or HOST:PORT`, { cause });
  }
}

/** Which files and helpers login, logout and --get-login deal with. */
export interface LoginPlaces {
  readonly conf: RegistriesConf;
  readonly store: StorePlace;
  /** What is stored for a repository now, wherever that is. */
  readonly find: (repository: Repository) => Promise<Found | undefined>;
}

/** `authfile`: --authfile; `compatAuthfile`: --compat-auth-file, a file in Docker's format. One of them. @throws CONFIG_INVALID */
export async function loginPlaces(flags: { readonly authfile?: string | undefined; readonly compatAuthfile?: string | undefined }): Promise<LoginPlaces> {
  const conf = await registriesConf();
  const files = authFiles(process.env, flags.compatAuthfile ?? flags.authfile);
  return {
    conf,
    store: { path: files.primary, helpers: conf.credentialHelpers, docker: flags.compatAuthfile !== undefined },
    find: credentialFinder({ files, helpers: conf.credentialHelpers }),
  };
}
