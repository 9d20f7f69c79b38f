/** --tz: the file that describes a time zone, on the host. */
import { statSync } from 'node:fs';
import { normalize } from 'node:path';
import { SkiffError, wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';

const zones = '/usr/share/zoneinfo';

/** "local" is the host's own zone; else a name of the host's zone database ("Europe/Berlin"). @throws USAGE NOT_FOUND */
export function zoneFile(name: string): string {
  if (name === 'local') return '/etc/localtime';
  const path = normalize(join(zones, name));
  if (!path.startsWith(`${zones}/`)) throw new SkiffError('USAGE', `--tz ${JSON.stringify(name)}: not the name of a time zone`);
  try {
    if (statSync(path).isFile()) return path;
  } catch (error) {
    throw wrap(error, `--tz ${JSON.stringify(name)}`);
  }
  throw new SkiffError('USAGE', `--tz ${JSON.stringify(name)}: not the name of a time zone`);
}
