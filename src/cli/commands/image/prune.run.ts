import { imageFilter } from '../../../image/filter.ts';
import { pruneImages } from '../../../image/prune.ts';
import { hexOf } from '../../../oci/ids.ts';
import { confirm } from '../../confirm.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { imageStore } from './_store.ts';
import { imageUses } from './_uses.ts';

const allWarning = 'WARNING! This command removes all images without at least one container associated with them.\n';
const danglingWarning = 'WARNING! This command removes all dangling images.\n';

export async function run({ options }: Invocation): Promise<void> {
  const store = imageStore();
  const all = options['all'] === true;
  const keep = imageFilter(store, (options['filter'] as readonly string[] | undefined) ?? []);
  if (options['force'] !== true && !(await confirm(all ? allWarning : danglingWarning))) return;
  for (const id of await pruneImages(store, { all, only: keep, uses: () => imageUses(store) })) printLine(hexOf(id));
}
