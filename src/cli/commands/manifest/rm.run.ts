import { removeList, resolveList } from '../../../image/lists/list-store.ts';
import { isCode } from '../../../lib/errors.ts';
import { printLine } from '../../output.ts';
import { reportError } from '../../report.ts';
import type { Invocation } from '../../spec.ts';
import { listStore } from './_store.ts';

/** Each is removed as far as it can be. */
export async function run({ args, options }: Invocation): Promise<number> {
  const store = listStore();
  let exitCode = 0;
  for (const name of args) {
    try {
      const list = resolveList(store, name);
      await removeList(store, list.id);
      for (const one of list.names) printLine(`Untagged: ${one}`);
      printLine(`Deleted: ${list.id}`);
    } catch (error) {
      if (isCode(error, 'IMAGE_UNKNOWN') && options['ignore'] === true) continue;
      exitCode = Math.max(exitCode, isCode(error, 'IMAGE_UNKNOWN') ? 1 : 125);
      reportError(error);
    }
  }
  return exitCode;
}
