import { changeList, resolveList } from '../../../image/lists/list-store.ts';
import { memberDigest } from '../../../image/lists/members.ts';
import { withoutMember } from '../../../image/lists/model.ts';
import { wrap } from '../../../lib/errors.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { listStore } from './_store.ts';

export async function run({ args: [name = '', image = ''] }: Invocation): Promise<void> {
  const store = listStore();
  const { id } = resolveList(store, name);
  try {
    await changeList(store, id, (list) => withoutMember(list, memberDigest(store, list.members, image)));
  } catch (error) {
    throw wrap(error, `remove from manifest list ${JSON.stringify(name)}`);
  }
  printLine(id);
}
