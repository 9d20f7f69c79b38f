import { execForeground } from '../../../container/exec/foreground.ts';
import type { Context } from '../../../container/index.ts';
import { isRunning } from '../../../container/state.ts';
import { containerTop } from '../../../container/top.ts';
import { descriptors, parseDescriptors } from '../../../container/top/columns.ts';
import { isCode, SkiffError } from '../../../lib/errors.ts';
import { alignTabs } from '../../../lib/table.ts';
import type { ContainerID } from '../../../oci/ids.ts';
import { print, printLine } from '../../output.ts';
import { printable } from '../../printable.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { selectOne } from './_select.ts';
import { flag } from './_values.ts';

export async function run(invocation: Invocation): Promise<void> {
  if (flag(invocation.options, 'list-descriptors')) return descriptors.forEach((name) => printLine(name));
  const context = openContext();
  const words = flag(invocation.options, 'latest') ? invocation.args : invocation.args.slice(1);
  const id = selectOne(context, invocation, invocation.args[0]);
  const wanted = parseDescriptors(words);
  if (wanted === undefined) return psInside(context, id, words);
  // A process names itself: no control character of it may reach the terminal.
  print(await alignTabs(`${containerTop(context, id, wanted).map((row) => row.map(printable).join('\t')).join('\n')}\n`));
}

/** Words that are no columns are for the ps of the image, as in Podman: `top web aux`. Never returns. */
function psInside(context: Context, id: ContainerID, words: readonly string[]): never {
  if (!isRunning(context, id)) throw new SkiffError('CONTAINER_STATE', 'top can only be used on running containers');
  try {
    return execForeground(context, { id, command: ['ps', ...words], env: [], terminal: false, interactive: false, privileged: false }, Buffer.alloc(0));
  } catch (error) {
    if (!isCode(error, 'COMMAND_NOT_FOUND')) throw error;
    throw new SkiffError('COMMAND_NOT_FOUND', `top: ${JSON.stringify(words.join(' '))} is for ps, which the container does not have`, { exitCode: 125, hint: `name columns instead, some of ${descriptors.join(', ')}` });
  }
}
