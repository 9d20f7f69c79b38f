/** A folder that the user names for skiff to keep things in: it is there, or could be made. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isErrno, isSystemError, SkiffError, wrap } from '../../lib/errors.ts';

/**
 * A mistyped folder must not look like an empty one, and neither shall the first look at a new one make it: so nothing is made here.
 * `path` is absolute, `source` what named it. @throws PERMISSION, USAGE (a file is in the way)
 */
export function mustBePossible(path: string, source: string): void {
  const what = `${source} ${JSON.stringify(path)}`;
  for (let at = path; ; at = dirname(at)) {
    try {
      if (!statSync(at).isDirectory()) throw new SkiffError('USAGE', `${what}: ${at === path ? 'it' : JSON.stringify(at)} is not a folder`);
      if (at !== path) accessSync(at, constants.W_OK | constants.X_OK);
      return;
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR') && at !== '/') continue;
      if (!isSystemError(error)) throw error;
      throw wrap(error, at === path ? what : `${what}: it does not exist and can't be made`);
    }
  }
}
