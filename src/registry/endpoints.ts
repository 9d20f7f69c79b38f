/**
 * Where a repository really is: mirrors, moved locations, insecure and blocked registries. Pure.
 * @see containers-registries.conf(5) "Choosing a [[registry]] TOML table", "Remapping and mirroring registries"
 */
import { SkiffError, wrap } from '../lib/errors.ts';
import { normalize, parseReference } from '../oci/reference.ts';
import type { Endpoint, Repository } from './index.ts';
import type { RegistriesConf, RegistryTable } from './registries-conf-parse.ts';

/**
 * The places to try, mirrors first, the registry itself last. A mirror whose own [[registry]] table is blocked is left out; `insecure` is what the
 * mirror or the table of the name says, not what the place's own table would. A path of '' asks for the host itself (login, search): that is never rewritten.
 * @throws REGISTRY_BLOCKED; CONFIG_INVALID where a location makes no name
 */
export function endpointsOf(conf: RegistriesConf, repository: Repository): Endpoint[] {
  const found = findTable(conf, repository);
  if (found === undefined) return [{ repository, insecure: false, serves: 'all', mirror: false }];
  const { table, matched } = found;
  if (table.blocked) throw blocked(repository, table);
  if (repository.path === '') return [{ repository, insecure: table.insecure, serves: 'all', mirror: false }];
  const endpoints: Endpoint[] = [];
  for (const mirror of table.mirrors) {
    const place = rewrite(mirror.location, nameOf(repository), matched, table.file);
    if (findTable(conf, place)?.table.blocked !== true) endpoints.push({ repository: place, insecure: mirror.insecure, serves: mirror.serves, mirror: true });
  }
  const place = table.location === '' ? repository : rewrite(table.location, nameOf(repository), matched, table.file);
  const own = findTable(conf, place)?.table;
  if (own?.blocked === true) throw blocked(place, own);
  return [...endpoints, { repository: place, insecure: table.insecure, serves: 'all', mirror: false }];
}

function nameOf({ domain, path }: Repository): string {
  return path === '' ? domain : `${domain}/${path}`;
}

interface Found { readonly table: RegistryTable; readonly matched: number }

function findTable(conf: RegistriesConf, repository: Repository): Found | undefined {
  const name = nameOf(repository);
  let best: Found | undefined;
  for (const table of conf.registries) {
    refuseTagged(table, name);
    const matched = matchLength(table.prefix, name, repository.domain);
    if (matched !== undefined && (best === undefined || table.prefix.length > best.table.prefix.length)) best = { table, matched };
  }
  return best;
}

/** How many characters of the name the prefix stands for; undefined where it doesn't match. */
function matchLength(prefix: string, name: string, domain: string): number | undefined {
  if (prefix.startsWith('*.')) {
    const host = domain.replace(/:\d+$/, '');
    return host.endsWith(prefix.slice(1)) && host.length >= prefix.length ? host.length : undefined;
  }
  return name === prefix || name.startsWith(`${prefix}/`) ? prefix.length : undefined;
}

/** Prefixes may name one tag or digest. Ours are asked by repository: passing over such a table could let a blocked image in. */
function refuseTagged({ prefix, file }: RegistryTable, name: string): void {
  if (!prefix.startsWith(name)) return;
  if (/^[:@]/.test(prefix.slice(name.length)) && name.includes('/')) {
    throw new SkiffError('UNSUPPORTED', `${JSON.stringify(file)}: prefix ${JSON.stringify(prefix)}: a prefix with a tag or digest is not supported`, {
      hint: `use the repository as prefix: ${JSON.stringify(name)}`,
    });
  }
}

function rewrite(location: string, name: string, matched: number, file: string): Repository {
  const text = location + name.slice(matched);
  try {
    const reference = parseReference(text);
    if (reference.domain === undefined || reference.tag !== undefined || reference.digest !== undefined) throw noRepository(text, name, file);
    const { domain, path } = normalize(reference);
    return { domain, path };
  } catch (error) {
    if (error instanceof SkiffError && error.code === 'CONFIG_INVALID') throw error;
    throw new SkiffError('CONFIG_INVALID', noRepository(text, name, file).message, { cause: wrap(error, 'location') });
  }
}

function noRepository(text: string, name: string, file: string): SkiffError {
  return new SkiffError('CONFIG_INVALID', `${JSON.stringify(file)}: the location ${JSON.stringify(text)} of ${JSON.stringify(name)} is no repository`);
}

function blocked(repository: Repository, table: RegistryTable): SkiffError {
  // The peer's wording, but with the one file that says so.
  return new SkiffError('REGISTRY_BLOCKED', `registry ${table.prefix} is blocked in ${table.file}`, { data: { name: nameOf(repository), file: table.file } });
}
