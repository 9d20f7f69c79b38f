/**
 * Image references: Docker's grammar, its normalisation, and Podman's names without a domain.
 *
 *   reference = [domain "/"] path [":" tag] ["@" digest]
 *
 * `parseReference` reads what is written and adds nothing. `normalize` gives it Docker's meaning ("busybox" is
 * docker.io/library/busybox). `canonicalName` writes the whole name, `familiarName` Docker's short one, which is also
 * the key in repositories.json.
 *
 * @see distribution/reference v0.6 (grammar and limits); containers-registries.conf(5) for short names
 */
import { SkiffError } from '../lib/errors.ts';
import type { Digest } from './ids.ts';
import { parseDigest } from './ids.ts';

/** A reference as written. Without `domain` it is a short name, whose meaning depends on who reads it. */
export interface Reference {
  readonly domain?: string;
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** A reference whose domain is known. */
export interface NamedReference extends Reference {
  readonly domain: string;
}

export const defaultDomain = 'docker.io';
export const defaultTag = 'latest';
const officialPrefix = 'library/';
/** Beyond this nothing can be valid: 255 of path, as much of domain, 128 of tag, 135 of a sha512 digest. */
const maxLength = 1024;
const maxPathLength = 255;

const domainPattern = /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/;
const componentPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const hex64Pattern = /^[0-9a-f]{64}$/;

/** @throws REFERENCE_INVALID, saying which part is wrong */
export function parseReference(text: string): Reference {
  if (text.length > maxLength) throw invalid(text, `longer than ${maxLength} characters`);
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : digestPart(text, text.slice(at + 1));
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(':');
  // A colon before the last slash belongs to a port, not to a tag.
  const hasTag = colon > named.lastIndexOf('/');
  const tag = hasTag ? named.slice(colon + 1) : undefined;
  const name = hasTag ? named.slice(0, colon) : named;
  if (tag !== undefined && !isTag(tag)) throw invalid(text, `invalid tag ${quote(tag)}`);
  const { domain, path } = splitDomain(name);
  if (domain !== undefined && (domain.length > 255 || !domainPattern.test(domain))) throw invalid(text, `invalid domain ${quote(domain)}`);
  checkPath(text, path);
  // 64 hex digits alone would be taken for an image id by every command.
  if (domain === undefined && hex64Pattern.test(path)) throw invalid(text, 'a name may not be 64 hexadecimal digits');
  return { ...(domain !== undefined && { domain }), path, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

function digestPart(text: string, digest: string): Digest {
  try {
    return parseDigest(digest);
  } catch (cause) {
    throw new SkiffError('REFERENCE_INVALID', `invalid reference ${quote(text)}: invalid digest`, { cause });
  }
}

/** What may stand behind the colon of a reference. */
export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

/** What may stand behind the domain: components of lower-case letters, digits and single separators. */
export function isRepositoryPath(text: string): boolean {
  return text.length <= maxPathLength && text.split('/').every((component) => componentPattern.test(component));
}

/** The first component is a domain where it has a dot, a colon or a capital, or is "localhost": Docker's rule. */
function splitDomain(name: string): { domain?: string; path: string } {
  const slash = name.indexOf('/');
  if (slash < 0) return { path: name };
  const first = name.slice(0, slash);
  const isDomain = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase();
  return isDomain ? { domain: first, path: name.slice(slash + 1) } : { path: name };
}

function checkPath(text: string, path: string): void {
  if (path === '') throw invalid(text, 'no name');
  if (path.length > maxPathLength) throw invalid(text, `name longer than ${maxPathLength} characters`);
  for (const component of path.split('/')) {
    if (componentPattern.test(component)) continue;
    throw invalid(text, component !== component.toLowerCase() ? 'repository name must be lowercase' : `invalid name component ${quote(component)}`);
  }
}

function invalid(text: string, cause: string): SkiffError {
  return new SkiffError('REFERENCE_INVALID', `invalid reference ${quote(text)}: ${cause}`);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 117)}...` : text);
}

/** True where no domain was written. */
export function isShortName(reference: Reference): boolean {
  return reference.domain === undefined;
}

/** Docker's meaning of a name: docker.io where no domain is written, `library/` where docker.io has one component. */
export function normalize(reference: Reference): NamedReference {
  const domain = reference.domain === undefined || reference.domain === 'index.docker.io' ? defaultDomain : reference.domain;
  const path = domain === defaultDomain && !reference.path.includes('/') ? officialPrefix + reference.path : reference.path;
  return { ...reference, domain, path };
}

/** Podman's meaning of a name that is made here (tag, import, commit, load): localhost/ where no domain is written. */
export function normalizeLocal(reference: Reference): NamedReference {
  return reference.domain === undefined ? { ...reference, domain: 'localhost' } : normalize(reference);
}

/** The names that a short name may stand for on this machine, first match wins: localhost/ before docker.io. */
export function localCandidates(reference: Reference): NamedReference[] {
  return reference.domain === undefined ? [normalizeLocal(reference), normalize(reference)] : [normalize(reference)];
}

/** `:latest` where neither tag nor digest is given. */
export function withDefaultTag<T extends Reference>(reference: T): T {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: defaultTag } : reference;
}

/** domain/path: `docker.io/library/busybox`. */
export function canonicalName(reference: NamedReference): string {
  return `${reference.domain}/${reference.path}`;
}

/** Docker's short form: `busybox` for docker.io/library/busybox, `foo/bar` for docker.io/foo/bar, others in full. */
export function familiarName(reference: NamedReference): string {
  if (reference.domain !== defaultDomain) return canonicalName(reference);
  const short = reference.path.startsWith(officialPrefix) ? reference.path.slice(officialPrefix.length) : reference.path;
  if (short.includes('/') && short !== reference.path) return reference.path;
  // docker.io/a.b/c must not shrink to a name that reads back as one of the domain a.b.
  return splitDomain(short).domain === undefined ? short : canonicalName(reference);
}

/** The whole reference: `docker.io/library/busybox:1@sha256:…`. */
export function canonicalString(reference: NamedReference): string {
  return canonicalName(reference) + suffix(reference);
}

/** The short reference, as repositories.json has it: `busybox:1`. */
export function familiarString(reference: NamedReference): string {
  return familiarName(reference) + suffix(reference);
}

function suffix(reference: Reference): string {
  return (reference.tag === undefined ? '' : `:${reference.tag}`) + (reference.digest === undefined ? '' : `@${reference.digest}`);
}
