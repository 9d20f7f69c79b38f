/** Where programs are. */
import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { join } from '../lib/paths.ts';

/** A user's PATH often lacks the sbin folders, where newer distributions still keep some helpers. */
const systemDirs = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin', '/sbin'];

/**
 * Absolute path of an executable file: `name` itself where it has a slash, else the first hit in `extraDirs`, PATH and the
 * system's folders. Relative entries of PATH are passed over: what runs must not depend on the current folder.
 */
export function findProgram(name: string, extraDirs: readonly string[] = []): string | undefined {
  if (name === '' || name.includes('\0')) return undefined;
  if (name.includes('/')) return isProgram(resolve(name)) ? resolve(name) : undefined;
  const fromPath = (process.env['PATH'] ?? '').split(':').filter((dir) => isAbsolute(dir));
  for (const dir of new Set([...extraDirs, ...fromPath, ...systemDirs])) {
    const candidate = join(dir, name);
    if (isProgram(candidate)) return candidate;
  }
  return undefined;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // whatever the reason, it can't be run from there
  }
}
