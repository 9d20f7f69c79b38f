/**
 * Where the built C helpers are: $SKIFF_HELPERS_DIR (tests, sanitizer builds), else helpers/bin of this installation.
 */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { SkiffError } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';

export type HelperName = 'skiff' | 'skiff-monitor' | 'skiff-attach' | 'skiff-exec' | 'skiff-init' | 'sys.node';

let directory: string | undefined;

/** Absolute path of the folder that holds the helpers. */
export function helpersDir(): string {
  directory ??= process.env['SKIFF_HELPERS_DIR'] ?? search(import.meta.dirname);
  return directory;
}

function search(from: string): string {
  let at = from;
  for (let level = 0; level < 5; level++) {
    const candidate = join(at, 'helpers', 'bin');
    if (existsSync(candidate)) return candidate;
    at = dirname(at);
  }
  throw new SkiffError('HELPER_MISSING', 'the helper programs are not built', { hint: 'run: npm run build' });
}

export function helperPath(name: HelperName): string {
  return join(helpersDir(), name);
}
