/**
 * An image on its way in, as policies speak of it: its transport, and its scopes from the image itself up to the widest. Pure but for resolving
 * links in paths.
 * @see containers-policy.json(5) "Supported transports and their scopes"
 */
import { realpathSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { isErrno, wrap } from '../../lib/errors.ts';
import type { NamedReference } from '../../oci/reference.ts';
import { canonicalName, canonicalString, withDefaultTag } from '../../oci/reference.ts';

export type TrustSubject =
  /** The name as the user meant it, not where a mirror or location makes it come from. */
  | { readonly transport: 'docker'; readonly reference: NamedReference }
  | { readonly transport: 'docker-daemon'; readonly reference: NamedReference }
  /** path undefined: standard input. */
  | { readonly transport: 'docker-archive'; readonly path: string | undefined }
  /** image: what stands behind the colon in oci:PATH:IMAGE. */
  | { readonly transport: 'oci' | 'oci-archive'; readonly path: string | undefined; readonly image?: string | undefined }
  | { readonly transport: 'dir'; readonly path: string };

/** Most specific first; without the transport's default "". @throws what resolving a path throws */
export function scopesOf(subject: TrustSubject): string[] {
  switch (subject.transport) {
    case 'docker': case 'docker-daemon': return dockerScopes(subject.reference);
    case 'docker-archive': return [];
    case 'oci': case 'oci-archive': case 'dir': {
      if (subject.path === undefined) return [];
      const path = realPath(subject.path);
      const image = subject.transport !== 'dir' && subject.image !== undefined && subject.image !== '' ? [`${path}:${subject.image}`] : [];
      return [...image, ...parents(path)];
    }
  }
}

/** For messages: docker://docker.io/library/busybox:latest. */
export function subjectText(subject: TrustSubject): string {
  switch (subject.transport) {
    case 'docker': return `docker://${canonicalString(withDefaultTag(subject.reference))}`;
    case 'docker-daemon': return `docker-daemon:${canonicalString(withDefaultTag(subject.reference))}`;
    case 'oci': case 'oci-archive': return `${subject.transport}:${subject.path ?? '-'}${subject.image === undefined || subject.image === '' ? '' : `:${subject.image}`}`;
    case 'docker-archive': case 'dir': return `${subject.transport}:${subject.path ?? '-'}`;
  }
}

/** name:tag or name@digest, name, its parents, the host, *.domains. */
function dockerScopes(reference: NamedReference): string[] {
  const name = canonicalName(reference);
  // With a digest it is the digest that decides what comes, whatever the tag says.
  const image = reference.digest === undefined ? `${name}:${reference.tag ?? 'latest'}` : `${name}@${reference.digest}`;
  const scopes = [image];
  for (let at = name; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) scopes.push(at);
  const labels = reference.domain.replace(/:\d+$/, '').split('.');
  for (let at = 1; at < labels.length; at++) scopes.push(`*.${labels.slice(at).join('.')}`);
  return scopes;
}

function parents(path: string): string[] {
  const scopes: string[] = [];
  for (let at = path; at !== '/'; at = dirname(at)) scopes.push(at);
  return scopes;
}

/** Policies name paths without links. What isn't there yet has its folder resolved. */
function realPath(path: string): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw wrap(error, 'look up trust');
    return whole === '/' ? whole : resolve(realPath(dirname(whole)), basename(whole));
  }
}
