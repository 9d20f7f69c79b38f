/** Users of the host who are to be known inside (--hostuser). */
import { readFileSync } from 'node:fs';
import { SkiffError } from '../../lib/errors.ts';
import { findUser, type PasswdLine } from '../spec/passwd.ts';

/** Home and shell of the host are of no use inside. @throws NOT_FOUND for a user whom the host does not know */
export function findHostUsers(names: readonly string[]): PasswdLine[] {
  if (names.length === 0) return [];
  const text = readFileSync('/etc/passwd', 'latin1');
  return names.map((name) => {
    const line = findUser(text, name);
    if (line === undefined) throw new SkiffError('NOT_FOUND', `--hostuser ${JSON.stringify(name)}: no such user in /etc/passwd of the host`);
    return { ...line, home: '/', shell: '/bin/sh' };
  });
}
