/** Stacks of the installed program in the words of its source: in its packs the names are short and the lines long (helpers/build/bundle.mjs). */
import { readFileSync } from 'node:fs';
import type { SourceMap } from 'node:module';
import { basename } from 'node:path';
import { join } from '../lib/paths.ts';

const place = /(?:file:\/\/)?([^\s():]*\/skiff-[0-9a-f]{16}-[\w-]+\.js):(\d+):(\d+)/g;

/** `stack` with "src/cli/main.ts:84:10" for each place in a pack whose map is in `folder`, beside the packs; other places stay. */
export function readableStack(stack: string, folder = import.meta.dirname): string {
  const maps = new Map<string, SourceMap | undefined>();
  return stack.replaceAll(place, (whole, pack: string, line: string, column: string) => {
    // By its name alone: V8's code cache remembers where the pack lay when that was made.
    const path = join(folder, `${basename(pack)}.map`);
    if (!maps.has(path)) maps.set(path, readMap(path));
    const found = maps.get(path)?.findEntry(Number(line) - 1, Number(column) - 1);
    return found !== undefined && 'originalSource' in found ? `${found.originalSource.replace(/^(?:\.\.\/)+/, '')}:${found.originalLine + 1}:${found.originalColumn + 1}` : whole;
  });
}

/** undefined where there is none that can be read: the stack is told all the same. */
function readMap(path: string): SourceMap | undefined {
  try {
    const { SourceMap: Reader } = process.getBuiltinModule('node:module');
    return new Reader(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}
