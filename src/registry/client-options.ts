/**
 * From the flags of a command and the files of this machine to what the client wants to know. All verbs that talk to registries start here.
 */
import { existsSync } from 'node:fs';
import { SkiffError } from '../lib/errors.ts';
import type { AuthFiles } from './auth/files.ts';
import { authFiles } from './auth/files.ts';
import { credentialFinder } from './auth/credentials.ts';
import { registryCerts } from './certs.ts';
import { endpointsOf } from './endpoints.ts';
import type { ClientOptions, Credential, RegistryCerts } from './index.ts';
import { registryTables } from './registries-conf.ts';

/** What the commands' shared flags say (cli/options/registry.ts). */
export interface RegistryFlags {
  readonly tlsVerify?: boolean | undefined;
  readonly authfile?: string | undefined;
  /** --creds, with its password. */
  readonly creds?: Credential | undefined;
  /** The registry that they are for, as in references; without it all that the command names. */
  readonly credsFor?: string | undefined;
  readonly certDir?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** login may be the one to make the auth file. */
  readonly makesAuthfile?: boolean | undefined;
}

/**
 * Reads registries.conf; auth files and certificates at the first question.
 * @throws CONFIG_INVALID; NOT_FOUND where an explicit auth file or certificate folder is missing
 */
export async function clientOptions(flags: RegistryFlags = {}): Promise<ClientOptions> {
  const files = authFiles(process.env, flags.authfile);
  if (flags.makesAuthfile !== true) checkAuthFile(files);
  const conf = await registryTables();
  const find = credentialFinder({ files, helpers: conf.credentialHelpers });
  const certs = new Map<string, RegistryCerts>();
  // --creds is for the registry that the user named, not for its mirrors, nor for where registries.conf says that it has moved to.
  const named = new Set<string>(flags.credsFor === undefined ? [] : [flags.credsFor]);
  return {
    endpoints: (repository) => {
      if (flags.credsFor === undefined) named.add(repository.domain);
      return endpointsOf(conf, repository);
    },
    credential: async (repository) => (flags.creds !== undefined && named.has(repository.domain) ? flags.creds : (await find(repository))?.credential),
    isGiven: (repository) => flags.creds !== undefined && named.has(repository.domain),
    certs: (domain) => {
      const known = certs.get(domain) ?? registryCerts(domain, flags.certDir);
      certs.set(domain, known);
      return known;
    },
    tlsVerify: flags.tlsVerify,
    env: process.env,
    ...(flags.signal !== undefined && { signal: flags.signal }),
  };
}

/** A file that was asked for by name has to be there. @throws NOT_FOUND */
function checkAuthFile(files: AuthFiles): void {
  if (files.explicit && !existsSync(files.primary)) throw new SkiffError('NOT_FOUND', `checking authfile: stat ${files.primary}: no such file or directory`);
}

/** "USER:PASSWORD"; undefined where there is no password in it. @throws USAGE */
export function parseCreds(text: string): Credential | undefined {
  const colon = text.indexOf(':');
  if (text === '' || colon === 0) throw new SkiffError('USAGE', '--creds: want USER or USER:PASSWORD'); // never quoted
  return colon < 0 ? undefined : { kind: 'basic', username: text.slice(0, colon), password: text.slice(colon + 1) };
}
