/** The notice to users without subordinate ids. */
import { closeSync, openSync } from 'node:fs';
import { isErrno } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import { session } from '../session.ts';

/** What to tell, the first time since the boot that it is asked for; later undefined. */
export function singleIDNotice(): string | undefined {
  const { userns, runtimeDir } = session();
  try {
    closeSync(openSync(join(runtimeDir, 'single-id-told'), 'wx', 0o600));
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return undefined;
    throw error;
  }
  const remedy = userns.kind === 'entered' ? userns.singleIDHint ?? '' : '';
  return `this user has no subordinate ids: only images whose files belong to one user will work${remedy === '' ? '' : `; to give some: ${remedy}`}`;
}
