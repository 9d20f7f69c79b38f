/** The user's home on the host. */
import { readFileSync } from 'node:fs';
import { SkiffError } from '../../lib/errors.ts';
import { session } from '../session.ts';

/**
 * $HOME, else the line of the invoking user in /etc/passwd. Not os.homedir(): inside the user namespace that names root's.
 * @throws NOT_FOUND where neither tells
 */
export function homeDir(env: NodeJS.ProcessEnv): string {
  const home = env['HOME'];
  if (home?.startsWith('/') === true) return home;
  const uid = String(session().hostUid);
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const fields = line.split(':');
    if (fields[2] === uid && fields[5]?.startsWith('/') === true) return fields[5];
  }
  throw new SkiffError('NOT_FOUND', `no home directory: HOME is not set and /etc/passwd has no line for uid ${uid}`, { hint: 'set HOME' });
}
