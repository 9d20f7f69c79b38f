/** Looking for a short name in one registry after the other: when to go on, and what to say where none has it. */
import { SkiffError, isCode, wrap } from '../lib/errors.ts';
import type { NamedReference } from '../oci/reference.ts';
import { canonicalName } from '../oci/reference.ts';
import type { RegistryClient } from '../registry/index.ts';

export interface Miss { readonly name: string; readonly error: SkiffError }

/**
 * It is not there, is not to be had from there, or nobody answers: another registry may have it. Docker Hub and others say of what is not there
 * that it is not ours. Anything else is told, not passed over.
 */
export function meansElsewhere(error: unknown): error is SkiffError {
  return isCode(error, 'MANIFEST_UNKNOWN', 'NAME_UNKNOWN', 'BLOB_UNKNOWN', 'REGISTRY_FAILED', 'REGISTRY_UNAUTHORIZED', 'REGISTRY_BLOCKED');
}

/** How to say it: `what` ("pull") stands in front of a single name, where the error alone would not say enough. */
export interface Verb { readonly what?: string; readonly doing: string }

export function nobodyHasIt(misses: readonly Miss[], { what, doing }: Verb): SkiffError {
  const [first, ...more] = misses;
  if (first === undefined) throw new TypeError('no registry was asked');
  if (more.length === 0) return what === undefined ? first.error : wrap(first.error, `${what} ${first.name}`);
  return new SkiffError(first.error.code, `${misses.length} errors occurred while ${doing}:\n${misses.map(({ name, error }) => ` * ${name}: ${error.message}`).join('\n')}`, { cause: first.error });
}

/** The tags of the first of `candidates` that is there, in the registry's order. @throws what nobodyHasIt() gives, and what else the registry says */
export async function firstTags(client: Pick<RegistryClient, 'listTags'>, candidates: readonly NamedReference[], verb: Verb): Promise<{ name: NamedReference; tags: readonly string[] }> {
  const misses: Miss[] = [];
  for (const name of candidates) {
    try {
      return { name, tags: await client.listTags({ domain: name.domain, path: name.path }) };
    } catch (error) {
      if (!meansElsewhere(error)) throw error;
      misses.push({ name: canonicalName(name), error });
    }
  }
  throw nobodyHasIt(misses, verb);
}
