/** What the verbs of manifest lists share. */
import { config } from '../../../host/config/index.ts';
import { SkiffError } from '../../../lib/errors.ts';
import type { Store } from '../../../storage/index.ts';
import { openStore } from '../../../storage/store.ts';

export function listStore(): Store {
  return openStore(config().root);
}

/** KEY=VALUE words as a map; the last of a key counts. @throws USAGE */
export function parseAnnotations(words: readonly string[] | undefined): Readonly<Record<string, string>> | undefined {
  if (words === undefined) return undefined;
  return Object.fromEntries(words.map((word) => {
    const equals = word.indexOf('=');
    if (equals <= 0) throw new SkiffError('USAGE', `--annotation ${JSON.stringify(word)}: want KEY=VALUE`);
    return [word.slice(0, equals), word.slice(equals + 1)];
  }));
}
