/** Images of the store by the short names that registries.conf gives another meaning. */
import { isCode } from '../lib/errors.ts';
import { canonicalString, parseReference, withDefaultTag } from '../oci/reference.ts';

/**
 * What `look` finds for `text`; where that is nothing (undefined, or IMAGE_UNKNOWN), and `text` is an alias, what it finds for the name that the
 * alias stands for. An image that was pulled by an alias has that name. The configuration is read only then.
 * @throws what `look` throws for `text`; CONFIG_INVALID
 */
export async function byAlias<T>(text: string, look: (name: string) => T): Promise<T> {
  let unknown: unknown;
  const lookQuietly = (name: string): T | undefined => {
    try {
      return look(name);
    } catch (error) {
      if (!isCode(error, 'IMAGE_UNKNOWN')) throw error;
      unknown ??= error; // told of the name that was written
      return undefined;
    }
  };
  const found = lookQuietly(text);
  if (found !== undefined) return found;
  const name = await aliased(text);
  const byTarget = name === undefined ? undefined : lookQuietly(name);
  if (byTarget === undefined && unknown !== undefined) throw unknown;
  return byTarget as T;
}

async function aliased(text: string): Promise<string | undefined> {
  const reference = parsed(text);
  if (reference === undefined || reference.domain !== undefined) return undefined;
  const { registriesConf } = await import('../registry/registries-conf.ts');
  const { path, ...suffix } = reference;
  const target = (await registriesConf()).aliases.get(path)?.target;
  return target === undefined ? undefined : canonicalString(withDefaultTag({ ...suffix, ...target }));
}

/** What can't be a name is no alias. */
function parsed(text: string): ReturnType<typeof parseReference> | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (isCode(error, 'REFERENCE_INVALID')) return undefined;
    throw error;
  }
}
