/** Folders of drop-in files, as containers.conf.d and registries.conf.d are. */
import { isErrno } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import { namesIfThere } from '../if-there.ts';

/** Paths of the *.conf files in `dir`, by name. A folder that is missing, or that the user may not look into, has none: as with Podman. */
export function dropInFiles(dir: string): string[] {
  try {
    return namesIfThere(dir).filter((name) => name.endsWith('.conf')).toSorted().map((name) => join(dir, name));
  } catch (error) {
    if (isErrno(error, 'EACCES')) return [];
    throw error;
  }
}
