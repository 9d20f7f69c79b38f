/**
 * Deciding what a member's name means before anything is touched. The worker is pivoted into the layer's folder, so no name
 * can reach anything else; these checks exist so that a hostile or broken archive is named, not silently bent.
 *
 * @see image-spec layer.md "Whiteouts"
 */
import { SkiffError } from '../../lib/errors.ts';
import { showName } from './entry.ts';

export const whiteoutPrefix = '.wh.';
export const opaqueMarker = '.wh..wh..opq';
const metaPrefix = '.wh..wh.';

/** PATH_MAX and NAME_MAX of Linux. */
const maxPathBytes = 4095;
const maxNameBytes = 255;

export type Target =
  /** A member at `path`: relative, clean, "" for the layer's root. */
  | { readonly kind: 'member'; readonly path: string }
  /** Hides `path` of the layers below. */
  | { readonly kind: 'whiteout'; readonly path: string }
  /** Hides everything that the layers below have in the folder `path`. */
  | { readonly kind: 'opaque'; readonly path: string }
  /** Bookkeeping of AUFS in old layers (".wh..wh.plnk/…"): no content. */
  | { readonly kind: 'meta' };

/**
 * Names are binary strings. An absolute name counts from the layer's root, "a/../b" is "b", as tar and Docker have it.
 * @throws ARCHIVE_INVALID for a name that climbs out of the layer, is too long, holds a NUL, or is a whiteout of nothing
 */
export function targetOf(name: string): Target {
  const path = cleanName(name);
  if (!path.includes(whiteoutPrefix)) return { kind: 'member', path };
  const parts = path.split('/');
  const base = parts.at(-1) as string;
  const folders = parts.slice(0, -1);
  if (parts.some((part) => part.startsWith(metaPrefix) && part !== opaqueMarker)) return { kind: 'meta' };
  if (folders.some((part) => part.startsWith(whiteoutPrefix))) throw hostile(name, 'lies inside a whiteout');
  if (!base.startsWith(whiteoutPrefix)) return { kind: 'member', path };
  if (base === opaqueMarker) return { kind: 'opaque', path: folders.join('/') };
  const hidden = base.slice(whiteoutPrefix.length);
  if (hidden === '' || hidden === '.' || hidden === '..') throw hostile(name, 'is a whiteout of nothing');
  return { kind: 'whiteout', path: [...folders, hidden].join('/') };
}

/** Resolves ".", ".." and doubled slashes by text alone. @throws ARCHIVE_INVALID */
export function cleanName(name: string): string {
  if (name.length > maxPathBytes) throw hostile(name, 'is too long');
  // Nearly all names are clean already.
  if (!/(?:^|\/)(?:\.{0,2})(?:\/|$)|\0/.test(name)) {
    if (name.length > maxNameBytes) checkParts(name, name.split('/'));
    return name;
  }
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw hostile(name, 'climbs out of the layer');
  }
  checkParts(name, parts);
  return parts.join('/');
}

function checkParts(name: string, parts: readonly string[]): void {
  if (name.includes('\0')) throw hostile(name, 'holds a NUL');
  if (parts.some((part) => part.length > maxNameBytes)) throw hostile(name, 'is too long');
}

export function hostile(name: string, cause: string): SkiffError {
  return new SkiffError('ARCHIVE_INVALID', `archive member ${showName(name)} ${cause}`, { data: { name: showName(name) } });
}
