/** The ids of a user namespace that the launcher made without waiting for newuidmap. @see helpers/launcher/later.c */
import { closeSync, readFileSync } from 'node:fs';
import { SkiffError, type ErrorCode } from '../../lib/errors.ts';
import { session } from '../session.ts';
import { sys } from '../sys.ts';

/**
 * Waits until the ids are mapped: from then on this process is root of its namespace, and can make files. To be called before
 * anything is started or written; at once where there is nothing to wait for. Gives up the ambient capabilities by which the launcher's rights came into this process.
 * @throws what the launcher would have refused with (USERNS_FORBIDDEN, SUBID_MISSING …); IO where the mapper was killed
 */
export function awaitMaps(): void {
  const { userns } = session();
  if (userns.kind !== 'entered' || userns.mapsLater === undefined) return;
  const { fd, pid } = userns.mapsLater;
  delete userns.mapsLater;
  const report = readFileSync(fd, 'utf8');
  closeSync(fd);
  sys().waitpid(pid, false);
  sys().dropAmbient();
  if (report === '+') return;
  const [code, message, hint] = report.slice(1).split('\0');
  if (hint === undefined) throw new SkiffError('IO', 'map the ids of the user namespace: whoever did it was killed', { hint: 'try again' });
  throw new SkiffError(code as ErrorCode, message as string, { hint });
}
