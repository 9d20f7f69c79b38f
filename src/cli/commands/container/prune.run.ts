import { pruneContainers } from '../../../container/prune.ts';
import { confirm } from '../../confirm.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { flag, list } from './_values.ts';

export async function run({ options }: Invocation): Promise<void> {
  if (!flag(options, 'force') && !(await confirm('WARNING! This will remove all non running containers.\n'))) return;
  for (const { id } of pruneContainers(openContext(), list(options, 'filter'))) printLine(id);
}
