/** Paths, for who puts many of them together. */
import { posix } from 'node:path';

/**
 * As path.join() of POSIX. That looks at each character again, of the folder too; here it only has to where parts are not plain names below
 * a plain folder.
 */
export function join(first: string, ...parts: readonly string[]): string {
  let path = first;
  for (const part of parts) path += `/${part}`;
  return first !== '' && isNormal(path) ? path : posix.join(first, ...parts);
}

/** Without "//", "." and ".." among its parts, and without a slash at its end. */
function isNormal(path: string): boolean {
  return !path.includes('//') && !path.includes('/./') && !path.includes('/../') && !path.endsWith('/') && !path.endsWith('/.') && !path.endsWith('/..')
    && !path.startsWith('./') && !path.startsWith('../');
}
