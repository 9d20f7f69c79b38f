/**
 * `images --filter`.
 *
 * @see podman-images(1) "--filter"; Go path.Match (globs of reference)
 */
import { SkiffError } from '../lib/errors.ts';
import type { Filter } from '../lib/filter.ts';
import { combineFilters, hasLabel, parseMoment } from '../lib/filter.ts';
import { hexOf } from '../oci/ids.ts';
import type { NamedReference } from '../oci/reference.ts';
import { canonicalName, canonicalString, normalize, parseReference } from '../oci/reference.ts';
import type { Store } from '../storage/index.ts';
import { repositoryOf } from '../storage/repositories.ts';
import { resolveImage } from './resolve.ts';
import type { imageFilterKeys } from './filter-keys.ts';
import type { ImageSummary } from './summary.ts';
import { createdMs, isDangling, isIntermediate } from './summary.ts';

export type ImagePredicate = (summary: ImageSummary) => boolean;

/** @throws USAGE, IMAGE_UNKNOWN (before, since) */
export function imageFilter(store: Store, filters: readonly string[], nowMs: number = Date.now()): ImagePredicate {
  return combineFilters<ImageSummary>(filters, (filter) => predicateOf(store, filter, nowMs), 'image');
}

function predicateOf(store: Store, { key, value }: Filter, nowMs: number): ImagePredicate | undefined {
  switch (key as (typeof imageFilterKeys)[number]) {
    case 'before': {
      const limit = createdMs(resolveImage(store, value).config);
      return (summary) => summary.createdMs < limit;
    }
    case 'since': case 'after': {
      const limit = createdMs(resolveImage(store, value).config);
      return (summary) => summary.createdMs > limit;
    }
    case 'until': {
      const limit = parseMoment(value, nowMs);
      return (summary) => summary.createdMs < limit;
    }
    case 'label': return ({ config }) => hasLabel(config.config.Labels ?? {}, value);
    case 'reference': {
      const byDigest = digestReference(value);
      if (byDigest !== undefined) return ({ repoDigests }) => repoDigests.some(byDigest);
      const pattern = globPattern(value);
      return ({ names }) => names.some((name) => matchesReference(name, pattern));
    }
    case 'id': return ({ id }) => hexOf(id).startsWith(value.replace(/^sha256:/, ''));
    case 'dangling': return boolean(key, value, isDangling);
    case 'intermediate': return boolean(key, value, isIntermediate);
    case 'containers': return boolean(key, value, (summary) => summary.containers > 0);
    case 'digest': return ({ digests, names }) => [...digests, ...names.map((name) => name.digest)].some((one) => one?.startsWith(value) === true || one?.slice(one.indexOf(':') + 1).startsWith(value) === true);
    case 'manifest': return boolean(key, value, (summary) => summary.isManifestList === true);
    // No store of ours is read-only.
    case 'readonly': return boolean(key, value, () => false);
    default: return undefined;
  }
}

function boolean(key: string, value: string, property: ImagePredicate): ImagePredicate {
  if (!/^(?:true|false|1|0|t|f)$/i.test(value)) throw new SkiffError('USAGE', `non-boolean value ${JSON.stringify(value)} for ${key} filter`);
  const wanted = /^(?:true|1|t)$/i.test(value);
  return (summary) => property(summary) === wanted;
}

/** For REPOSITORY[:TAG]@DIGEST, of which the tag says nothing more: does a REPOSITORY@DIGEST of an image fit? undefined for any other value. @throws USAGE */
export function digestReference(value: string): ((repoDigest: string) => boolean) | undefined {
  const at = value.indexOf('@');
  if (at < 0) return undefined;
  const pattern = globPattern(repositoryOf(value));
  const digest = value.slice(at + 1);
  return (repoDigest) => {
    const [repository = '', own] = repoDigest.split('@');
    return own === digest && matchesReference(normalize(parseReference(repository)), pattern);
  };
}

/** A pattern fits the whole name, the name without domain, or the last component, each with and without tag. */
export function matchesReference(name: NamedReference, pattern: RegExp): boolean {
  const suffix = canonicalString(name).slice(canonicalName(name).length);
  const last = name.path.slice(name.path.lastIndexOf('/') + 1);
  return [canonicalName(name), name.path, last].some((text) => pattern.test(text) || pattern.test(text + suffix));
}

/** Go's path.Match: `*` and `?` stop at a slash, `[a-z]`, `[^a]`, backslash escapes. @throws USAGE */
export function globPattern(glob: string): RegExp {
  let source = '';
  for (let at = 0; at < glob.length; at++) {
    const character = glob.charAt(at);
    // Stars in a row are one: else their number would be the exponent of the time to match.
    if (character === '*') source += source.endsWith('[^/]*') ? '' : '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (character === '[') {
      const end = glob.indexOf(']', at + 2);
      const body = end < 0 ? '' : glob.slice(at + 1, end);
      if (!/^\^?(?:[^\\\]^-](?:-[^\\\]^-])?)+$/.test(body)) throw invalidPattern(glob);
      source += `[${body.startsWith('^') ? `^/${body.slice(1)}` : body}]`.replaceAll('[[', '[\\[');
      at = end;
    } else {
      const literal = character === '\\' ? glob.charAt(++at) : character;
      if (literal === '') throw invalidPattern(glob);
      source += literal.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    }
  }
  try {
    return new RegExp(`^${source}$`);
  } catch (cause) {
    throw invalidPattern(glob, cause);
  }
}

function invalidPattern(glob: string, cause?: unknown): SkiffError {
  return new SkiffError('USAGE', `invalid pattern ${JSON.stringify(glob)}`, { cause });
}
