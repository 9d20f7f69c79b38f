/** Finds and loads all command specs: every file in a folder of commands/ that exports `spec`. Names with "_" are private helpers. */
import { existsSync, readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { join } from '../../lib/paths.ts';
import type { CommandSpec } from '../spec.ts';

export interface LoadedSpec {
  /** The module, relative to commands/, with the source's suffix: "container/run.ts". */
  module: string;
  spec: CommandSpec;
}

/**
 * Loads from `built` (JavaScript) what still exists in `source` (TypeScript), sorted by path.
 * @throws where two commands claim the same words, one lies below another, or a spec can't be loaded
 */
export async function loadSpecs(built: string, source: string): Promise<LoadedSpec[]> {
  const loaded: LoadedSpec[] = [];
  for (const name of readdirSync(built, { recursive: true, encoding: 'utf8' }).toSorted()) {
    if (!name.endsWith('.js') || name.endsWith('.run.js') || !name.includes('/') || name.includes('/_')) continue;
    const module = name.replace(/\.js$/, '.ts');
    if (!existsSync(join(source, module))) continue;
    const exports = (await import(pathToFileURL(join(built, name)).href)) as { spec?: CommandSpec };
    if (exports.spec !== undefined) loaded.push({ module, spec: exports.spec });
  }
  const claimed = new Map<string, string>();
  for (const { module, spec } of loaded) {
    for (const path of [spec.path, ...(spec.aliases ?? [])]) {
      const words = path.join(' ');
      const other = claimed.get(words);
      if (other !== undefined) throw new Error(`"skiff ${words}" is claimed by ${other} and by ${module}`);
      claimed.set(words, module);
    }
  }
  for (const words of claimed.keys()) {
    const noun = words.split(' ').slice(0, -1).join(' ');
    if (claimed.has(noun)) throw new Error(`"skiff ${noun}" (${claimed.get(noun)}) is a command, and "skiff ${words}" (${claimed.get(words)}) lies below it`);
  }
  return loaded.toSorted((a, b) => (a.spec.path.join(' ') < b.spec.path.join(' ') ? -1 : 1));
}
