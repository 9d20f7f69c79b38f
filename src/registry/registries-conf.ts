/**
 * registries.conf as this machine and this user have it: which files there are, read once. The tables themselves are
 * registries-conf-parse.ts, what they say of a name is endpoints.ts.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dropInFiles } from '../host/config/drop-ins.ts';
import { homeDir } from '../host/config/home.ts';
import { SkiffError, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { RegistriesConf } from './registries-conf-parse.ts';
import { contentOf, emptyConf, mergeConf, parseConfFile } from './registries-conf-parse.ts';

const systemDir = '/etc/containers';
/** Distributions that keep /etc empty have their defaults here. */
const vendorDir = '/usr/share/containers';

/**
 * The files, first to last: later ones win. One main file: $CONTAINERS_REGISTRIES_CONF, else the user's, else the system's. Drop-ins: the user's
 * alone where the main file is the user's, else the system's and then the user's; $CONTAINERS_REGISTRIES_CONF_DIR replaces them all.
 * Last what Podman has learnt from its prompts (short-name-aliases.conf), of which only the aliases count.
 * @throws NOT_FOUND where a variable names a file that is not there
 */
export function registriesConfFiles(env: NodeJS.ProcessEnv, system: readonly string[] = [systemDir, vendorDir]): string[] {
  const user = join(baseDir(env, 'XDG_CONFIG_HOME', '.config'), 'containers');
  const given = env['CONTAINERS_REGISTRIES_CONF'] ?? '';
  const ofUser = given === '' && existsSync(join(user, 'registries.conf'));
  const main = given !== '' ? mustExist(given) : (ofUser ? [user] : system).map((dir) => join(dir, 'registries.conf')).find((file) => existsSync(file));
  const givenDir = env['CONTAINERS_REGISTRIES_CONF_DIR'] ?? '';
  const parts = (givenDir !== '' ? [givenDir] : [...(ofUser ? [] : system.toReversed().map(dropIns)), dropIns(user)]).flatMap(dropInFiles);
  const learnt = join(baseDir(env, 'XDG_CACHE_HOME', '.cache'), 'containers', 'short-name-aliases.conf');
  return [...(main === undefined ? [] : [main]), ...parts, ...(existsSync(learnt) ? [learnt] : [])];
}

const dropIns = (dir: string): string => join(dir, 'registries.conf.d');

/** The base directory specification ignores relative values. */
function baseDir(env: NodeJS.ProcessEnv, variable: string, fallback: string): string {
  const value = env[variable];
  return value?.startsWith('/') === true ? value : join(homeDir(env), fallback);
}

function mustExist(path: string): string {
  if (!existsSync(path)) throw new SkiffError('NOT_FOUND', `CONTAINERS_REGISTRIES_CONF: ${JSON.stringify(path)} does not exist`);
  return path;
}

/**
 * Reads the files given and puts them together. Without `aliases`, files that can have nothing else are left out. Where nothing is left no
 * TOML parser is loaded: what distributions ship is a file of comments and one of aliases.
 * @throws CONFIG_INVALID, and what reading throws
 */
export async function loadRegistriesConf(files: readonly string[], { aliases = true }: { aliases?: boolean } = {}): Promise<RegistriesConf> {
  const texts = files.map((file) => ({ file, text: readText(file) })).filter(({ text }) => {
    const holds = contentOf(text);
    return holds === 'tables' || (aliases && holds === 'aliases');
  });
  if (texts.length === 0) return emptyConf;
  const { parse } = await import('smol-toml');
  return mergeConf(texts.map(({ file, text }) => ({ file, ...parseConfFile(text, file, parse) })));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw wrap(error, 'read registries configuration');
  }
}

let whole: Promise<RegistriesConf> | undefined;
let tables: Promise<RegistriesConf> | undefined;

/** The configuration of this process, read at the first call. */
export function registriesConf(): Promise<RegistriesConf> {
  whole ??= (async () => loadRegistriesConf(registriesConfFiles(process.env)))();
  return whole;
}

/** The same for who has a full name, and so needs no aliases: which of them there are is not said. */
export function registryTables(): Promise<RegistriesConf> {
  tables ??= whole ?? (async () => loadRegistriesConf(registriesConfFiles(process.env), { aliases: false }))();
  return tables;
}
