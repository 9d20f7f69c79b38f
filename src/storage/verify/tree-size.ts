/** What a layer's files come to, as layerdb notes it: files and links, each once however many names it has. */
import { lstatSync, readdirSync } from 'node:fs';

/** `root`: "" in a worker that is pivoted into the layer's diff folder. */
export function treeSize(root: string): number {
  const seen = new Set<number>();
  let sizeBytes = 0;
  const walk = (folder: Buffer): void => {
    for (const name of readdirSync(folder, { encoding: 'buffer' })) {
      const path = Buffer.concat([folder, name]);
      const stat = lstatSync(path);
      if (stat.isDirectory()) walk(Buffer.concat([path, Buffer.from('/')]));
      else if ((stat.isFile() || stat.isSymbolicLink()) && (stat.nlink === 1 || !seen.has(stat.ino))) {
        seen.add(stat.ino);
        sizeBytes += stat.size;
      }
    }
  };
  walk(Buffer.from(`${root}/`));
  return sizeBytes;
}
