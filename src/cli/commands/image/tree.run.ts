import { resolveImage } from '../../../image/resolve.ts';
import { imageSize, namesByImage } from '../../../image/summary.ts';
import type { LayerNode } from '../../../image/tree.ts';
import { layersBelow, layersUpon } from '../../../image/tree.ts';
import { humanSize } from '../../../lib/units.ts';
import { hexOf } from '../../../oci/ids.ts';
import { canonicalString } from '../../../oci/reference.ts';
import { byAlias } from '../../by-alias.ts';
import { print } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { imageStore } from './_store.ts';

export async function run({ args: [text = ''], options }: Invocation): Promise<void> {
  const store = imageStore();
  const image = await byAlias(text, (name) => resolveImage(store, name));
  const tags = (namesByImage(store).get(image.id) ?? []).map(canonicalString);
  const base = options['whatrequires'] === true ? layersUpon(store, image) : layersBelow(store, image);
  const lines = base === undefined ? ['No Image Layers'] : ['Image Layers', ...branches([base], '')];
  print(`Image ID: ${hexOf(image.id).slice(0, 12)}\nTags:     [${tags.join(' ')}]\nSize:     ${humanSize(imageSize(store, image.config))}\n${lines.join('\n')}\n`);
}

/** Layers in a row stand below each other; where the way forks, each branch is set in. */
function branches(nodes: readonly LayerNode[], indent: string): string[] {
  const lines: string[] = [];
  for (let [at, row] = [0, nodes]; at < row.length; at++) {
    const node = row[at] as LayerNode;
    const fork = node.above.length > 1;
    if (node.above.length === 1) row = [...row.slice(0, at + 1), node.above[0] as LayerNode, ...row.slice(at + 1)];
    const last = at === row.length - 1;
    lines.push(`${indent}${last ? '└── ' : '├── '}${shown(node)}`);
    if (fork) lines.push(...branches(node.above, `${indent}${last ? '    ' : '│   '}`));
  }
  return lines;
}

function shown({ layer, sizeBytes, topOf }: LayerNode): string {
  return `ID: ${hexOf(layer).slice(0, 12)} Size: ${humanSize(sizeBytes).padStart(7)}${topOf.length === 0 ? '' : ` Top Layer of: [${topOf.join(' ')}]`}`;
}
