/** Small files of the store that need not be there. */
import { textIfThere } from '../host/if-there.ts';

/** The file's text, trimmed; undefined where there is none. @throws PERMISSION, IO */
export function readOptional(path: string): string | undefined {
  return textIfThere(path, 'read store')?.trim();
}
