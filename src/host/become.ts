/** The end of a command that turns into another program. */
import { isErrno, SkiffError, wrap } from '../lib/errors.ts';
import { userEnv } from './env.ts';
import { findProgram } from './find-program.ts';
import { session } from './session.ts';
import { sys } from './sys.ts';
import { withUserUmask } from './umask.ts';

/**
 * Replaces this process by a program of the user's, in the namespaces it is in, with stdio, the user's environment and `extra`.
 * The soft limit of open files and the umask are again those that skiff was started with. It stays a holder of the user namespace: commands that start meanwhile join it.
 * @throws COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE
 */
export function becomeInside(argv: readonly string[], extra: Readonly<Record<string, string>>): never {
  const name = argv[0] ?? '';
  const path = name.includes('/') ? name : findProgram(name);
  if (path === undefined) throw new SkiffError('COMMAND_NOT_FOUND', `execute ${JSON.stringify(name)}: not found on $PATH`);
  const { userns, openFiles } = session();
  const holder = userns.kind === 'entered' ? userns.holderFd : undefined;
  const fds: (readonly [number, number])[] = [[0, 0], [1, 1], [2, 2]];
  if (holder !== undefined) fds.push([holder, holder]);
  const env = [...userEnv().filter((line) => !(line.slice(0, line.indexOf('=')) in extra)), ...Object.entries(extra).map(([key, value]) => `${key}=${value}`)];
  try {
    return withUserUmask(() => sys().execve({ path, argv, env, fds, ...(openFiles === undefined ? {} : { openFiles }) }));
  } catch (error) {
    const code = isErrno(error, 'ENOENT', 'ENOTDIR') ? 'COMMAND_NOT_FOUND' : 'COMMAND_NOT_EXECUTABLE';
    throw new SkiffError(code, wrap(error, `execute ${JSON.stringify(name)}`).message, { cause: error });
  }
}

/** Asks the launcher to enter the user namespace for a verb that needs none by itself; helpers/launcher.c. */
const enterVariable = 'SKIFF_ENTER';

/**
 * Starts this command again, inside the user namespace, where it is outside by its verb's `needs`: for what only some options need. Returns
 * where it is inside already, or could not enter. To be called before anything is printed or changed.
 */
export function reenterInside(): void {
  const { userns, self, openFiles } = session();
  if (userns.kind !== 'none' || self === '') return;
  withUserUmask(() => sys().execve({
    path: self, argv: ['skiff', ...process.argv.slice(2)], env: [...userEnv(), `${enterVariable}=1`], fds: [[0, 0], [1, 1], [2, 2]], ...(openFiles === undefined ? {} : { openFiles }),
  }));
}
