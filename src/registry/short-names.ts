/**
 * What a short name may stand for in registries. Deterministic, with and without a terminal: an alias, else the search registries in
 * their order, else docker.io as Docker has it. Never a prompt.
 * @see containers-registries.conf(5) "Short-Name Aliasing"
 */
import { SkiffError } from '../lib/errors.ts';
import type { NamedReference, Reference } from '../oci/reference.ts';
import { defaultDomain, normalize, parseReference } from '../oci/reference.ts';
import type { RegistriesConf } from './registries-conf-parse.ts';

export interface Resolution {
  /** The full names to try, in this order; the first that is there is meant. Tag and digest are those that were written. */
  readonly candidates: readonly NamedReference[];
  /** How they were found, in Podman's words, for stderr; undefined where a full name was given. */
  readonly notice: string | undefined;
}

/**
 * @throws IMAGE_AMBIGUOUS where short-name-mode is "enforcing" and more than one registry would be asked; REFERENCE_INVALID where the search
 * list is empty on purpose
 */
export function resolveShortName(conf: RegistriesConf, reference: Reference): Resolution {
  if (reference.domain !== undefined) return { candidates: [normalize(reference)], notice: undefined };
  const { path, ...suffix } = reference;
  const alias = conf.aliases.get(path);
  if (alias !== undefined) return { candidates: [{ ...suffix, ...alias.target }], notice: `Resolved ${JSON.stringify(path)} as an alias (${alias.file})` };
  const { search } = conf;
  if (search === undefined) {
    return { candidates: [normalize(reference)], notice: `Resolved ${JSON.stringify(path)} to ${defaultDomain}: no unqualified-search registries are configured` };
  }
  if (search.registries.length === 0) {
    throw new SkiffError('REFERENCE_INVALID', `short-name ${JSON.stringify(path)} did not resolve to an alias and no unqualified-search registries are defined in ${JSON.stringify(search.file)}`, {
      hint: 'write the whole name, with its registry', data: { name: path },
    });
  }
  if (search.registries.length > 1 && conf.shortNameMode === 'enforcing') {
    throw new SkiffError('IMAGE_AMBIGUOUS', `short-name ${JSON.stringify(path)} could be from ${search.registries.join(', ')}, and ${JSON.stringify(search.file)} has them all with short-name-mode "enforcing"`, {
      hint: 'write the whole name, with its registry, or give the name an alias in registries.conf', data: { name: path },
    });
  }
  return {
    candidates: search.registries.map((registry) => ({ ...suffix, ...withoutSuffix(normalize(parseReference(`${registry}/${path}`))) })),
    notice: `Resolving ${JSON.stringify(path)} using unqualified-search registries (${search.file})`,
  };
}

function withoutSuffix({ domain, path }: NamedReference): { domain: string; path: string } {
  return { domain, path };
}
