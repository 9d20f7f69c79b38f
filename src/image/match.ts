/**
 * From what a user typed to the id of one image. In this order, first match wins:
 *   1. a whole id, with or without "sha256:"
 *   2. a name; a short one stands for localhost/NAME before docker.io's (oci/reference.ts), without tag for :latest;
 *      with a digest for that manifest under any tag
 *   3. the beginning of an id
 *   4. the end of a longer name: "nginx" finds quay.io/some/nginx, by tag or digest
 * Rules 3 and 4 refuse where more than one image fits.
 *
 * @see podman-rmi(1), containers/common libimage LookupImage (the order); moby daemon/images GetImage (ids)
 */
import { SkiffError, isCode } from '../lib/errors.ts';
import type { ImageID } from '../oci/ids.ts';
import { hexOf, parseImageID } from '../oci/ids.ts';
import type { NamedReference, Reference } from '../oci/reference.ts';
import { canonicalName, familiarString, localCandidates, normalize, parseReference, withDefaultTag } from '../oci/reference.ts';
import { hasImage, listImages } from '../storage/imagedb.ts';
import type { Store } from '../storage/index.ts';
import type { Repositories } from '../storage/repositories.ts';
import { readRepositories } from '../storage/repositories.ts';
import { imagesOfManifest } from './manifests.ts';

/** What matched, without reading the image. */
export interface Match { readonly id: ImageID; readonly name?: NamedReference }

const idPattern = /^(?:sha256:)?([0-9a-f]{1,64})$/;

/** True for a whole id, with or without "sha256:". Whatever is in the store, it is never a name. */
export function isWholeID(text: string): boolean {
  return idPattern.exec(text)?.[1]?.length === 64;
}

/** @throws IMAGE_UNKNOWN, IMAGE_AMBIGUOUS, REFERENCE_INVALID */
export function matchImage(store: Store, text: string, repositories: Repositories = readRepositories(store)): Match {
  const hex = idPattern.exec(text)?.[1];
  if (hex?.length === 64) {
    const id = parseImageID(`sha256:${hex}`);
    if (hasImage(store, id)) return { id };
  }
  const reference = hex !== undefined && (hex.length === 64 || text.startsWith('sha256:')) ? undefined : parse(text, hex !== undefined);
  const match = (reference && byName(store, reference, repositories)) ?? byShortID(store, text, hex) ?? (reference && bySuffix(store, text, reference, repositories));
  if (match === undefined) throw unknownImage(text);
  return match;
}

function parse(text: string, mayBeID: boolean): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (mayBeID) return undefined;
    throw error;
  }
}

function byName(store: Store, reference: Reference, repositories: Repositories): Match | undefined {
  for (const candidate of localCandidates(reference)) {
    const match = inRepository(store, candidate, repositories);
    if (match !== undefined) return match;
  }
  return undefined;
}

/** By tag, or by digest under any tag. */
function inRepository(store: Store, candidate: NamedReference, repositories: Repositories): (Match & { name: NamedReference }) | undefined {
  const name = withDefaultTag(candidate);
  const references = repositories.get(familiarString({ domain: name.domain, path: name.path }));
  if (references === undefined) return undefined;
  const { tag: _, ...byDigest } = name;
  const id = name.digest === undefined ? references.get(familiarString(name)) : references.get(familiarString(byDigest)) ?? byManifestDigest(store, name, references);
  return id === undefined ? undefined : { id, name };
}

/** A digest names a manifest: one that was kept for an image which has a name in that repository. */
function byManifestDigest(store: Store, named: NamedReference, references: ReadonlyMap<string, ImageID>): ImageID | undefined {
  if (named.digest === undefined) return undefined;
  const owners = new Set(imagesOfManifest(store, named.digest, references.values()));
  return [...references.values()].find((id) => owners.has(id));
}

function byShortID(store: Store, text: string, hex: string | undefined): Match | undefined {
  if (hex === undefined || hex.length === 64) return undefined;
  const [first, ...more] = listImages(store).filter((id) => hexOf(id).startsWith(hex));
  if (more.length > 0) throw ambiguous(text, [first, ...more].map(String));
  return first === undefined ? undefined : { id: first };
}

function bySuffix(store: Store, text: string, reference: Reference, repositories: Repositories): Match | undefined {
  if (reference.domain !== undefined) return undefined;
  const matches: { id: ImageID; name: NamedReference }[] = [];
  for (const repository of repositories.keys()) {
    const name = tryParse(repository);
    if (name === undefined || !canonicalName(name).endsWith(`/${reference.path}`)) continue;
    const match = inRepository(store, { ...reference, domain: name.domain, path: name.path }, repositories);
    if (match !== undefined) matches.push(match);
  }
  if (new Set(matches.map(({ id }) => id)).size > 1) throw ambiguous(text, matches.map(({ name }) => familiarString(name)));
  return matches[0];
}

/** A repository as the store names it; damaged ones are nobody's. */
function tryParse(repository: string): NamedReference | undefined {
  try {
    return normalize(parseReference(repository));
  } catch (error) {
    if (isCode(error, 'REFERENCE_INVALID')) return undefined;
    throw error;
  }
}

/** In the peer's words, which scripts look for. */
export function unknownImage(text: string): SkiffError {
  return new SkiffError('IMAGE_UNKNOWN', `${text}: image not known`, { data: { name: text } });
}

function ambiguous(text: string, candidates: readonly string[]): SkiffError {
  return new SkiffError('IMAGE_AMBIGUOUS', `${text}: more than one image matches: ${candidates.slice(0, 5).join(', ')}${candidates.length > 5 ? ', …' : ''}`, { data: { name: text } });
}
