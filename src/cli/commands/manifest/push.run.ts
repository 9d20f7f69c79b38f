import { removeList, resolveList } from '../../../image/lists/list-store.ts';
import { pushListCommand } from '../../push-list.ts';
import type { Invocation } from '../../spec.ts';
import { listStore } from './_store.ts';

export async function run({ args: [text = '', to], options }: Invocation): Promise<void> {
  const store = listStore();
  const list = resolveList(store, text);
  await pushListCommand(store, list, { text, to, all: options['all'] !== false }, options);
  if (options['rm'] === true) await removeList(store, list.id);
}
