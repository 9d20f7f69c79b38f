import { containerTop } from '../../../container/top.ts';
import { descriptors } from '../../../container/top/columns.ts';
import { alignTabs } from '../../../lib/table.ts';
import { print, printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { selectOne } from './_select.ts';
import { flag } from './_values.ts';

export async function run(invocation: Invocation): Promise<void> {
  if (flag(invocation.options, 'list-descriptors')) return descriptors.forEach((name) => printLine(name));
  const context = openContext();
  const words = flag(invocation.options, 'latest') ? invocation.args : invocation.args.slice(1);
  const rows = containerTop(context, selectOne(context, invocation, invocation.args[0]), words);
  // A process names itself: no control character of it may reach the terminal.
  print(await alignTabs(`${rows.map((row) => row.map(printable).join('\t')).join('\n')}\n`));
}

function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}
