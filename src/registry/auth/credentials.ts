/**
 * From a repository to its credential: files and helpers asked in Podman's order, the first that has one wins.
 *
 * In each file: the helper that credHelpers names for the host; entries of the repository, of its namespaces, of the host; entries whose key is a
 * URL of that host (Docker's); the helper of credsStore.
 * @see containers-auth.json(5), containers-registries.conf(5) credential-helpers
 */
import { readFileSync } from 'node:fs';
import { isErrno, wrap } from '../../lib/errors.ts';
import type { Credential, Repository } from '../index.ts';
import type { AuthFile, AuthFiles } from './files.ts';
import { helperServers, hostOfKey, lookupKeys, normalHost } from './keys.ts';
import type { AuthDocument } from './parse.ts';
import { parseAuthDocument } from './parse.ts';

/** What registries.conf calls the files among the helpers. */
export const filesHelper = 'containers-auth.json';

export type AskHelper = (name: string, server: string) => Promise<Credential | undefined>;

/** Where a credential was found: a file's path or a helper's name. */
export interface Found { readonly credential: Credential; readonly source: string }

export interface CredentialSources {
  readonly files: AuthFiles;
  /** credential-helpers of registries.conf. */
  readonly helpers: readonly string[];
  /** Default: runs the program. */
  readonly askHelper?: AskHelper;
}

/**
 * Answers from `sources`; files are read once and helpers asked once for each server, so it serves one command.
 * The function it returns throws CONFIG_INVALID, HELPER_MISSING, HELPER_FAILED, and what reading throws.
 */
export function credentialFinder(sources: CredentialSources): (repository: Repository) => Promise<Found | undefined> {
  const ask = remembered(sources.askHelper ?? runHelper);
  let documents: readonly (AuthDocument & AuthFile)[] | undefined;
  return async (repository) => {
    for (const helper of sources.helpers) {
      if (helper === filesHelper) {
        documents ??= sources.files.read.flatMap(readDocument);
        for (const document of documents) {
          const found = await inDocument(document, repository, ask);
          if (found !== undefined) return found;
        }
      } else {
        const credential = await ask(helper, repository.domain);
        if (credential !== undefined) return { credential, source: helper };
      }
    }
    return undefined;
  };
}

async function runHelper(name: string, server: string): Promise<Credential | undefined> {
  return (await import('./helper.ts')).askHelper(name, server);
}

function remembered(ask: AskHelper): AskHelper {
  const answers = new Map<string, Promise<Credential | undefined>>();
  return (name, server) => {
    const key = `${name} ${server}`;
    const answer = answers.get(key) ?? ask(name, server);
    answers.set(key, answer);
    return answer;
  };
}

function readDocument(file: AuthFile): (AuthDocument & AuthFile)[] {
  const bytes = readAuthBytes(file.path);
  return bytes === undefined ? [] : [{ ...file, ...parseAuthDocument(bytes, file.path, file.legacy) }];
}

/** Undefined where there is no such file. */
export function readAuthBytes(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw wrap(error, 'read credentials');
  }
}

async function inDocument(document: AuthDocument & AuthFile, repository: Repository, ask: AskHelper): Promise<Found | undefined> {
  const { domain } = repository;
  const helper = [domain, ...helperServers(domain)].map((server) => ({ server, name: document.credHelpers.get(server) })).find(({ name }) => name !== undefined && name !== '');
  if (helper?.name !== undefined) {
    const credential = await ask(helper.name, helper.server);
    return credential === undefined ? undefined : { credential, source: helper.name };
  }
  const inFile = findEntry(document, repository);
  if (inFile !== undefined) return { credential: inFile, source: document.path };
  if (document.credsStore === undefined) return undefined;
  for (const server of helperServers(domain)) {
    const credential = await ask(document.credsStore, server);
    if (credential !== undefined) return { credential, source: document.credsStore };
  }
  return undefined;
}

/** The entry of a file, without its helpers. Pure. */
export function findEntry(document: AuthDocument & { readonly legacy: boolean }, repository: Repository): Credential | undefined {
  for (const key of document.legacy ? [repository.domain] : lookupKeys(repository)) {
    const credential = document.auths.get(key);
    if (credential !== undefined) return credential;
  }
  const host = normalHost(repository.domain);
  for (const [key, credential] of document.auths) {
    if (credential !== undefined && hostOfKey(key, document.legacy) === host) return credential;
  }
  return undefined;
}
