import { changeList, resolveList } from '../../../image/lists/list-store.ts';
import { membersOf } from '../../../image/lists/members.ts';
import type { ListMember } from '../../../image/lists/model.ts';
import { changedMember, withMembers } from '../../../image/lists/model.ts';
import { wrap } from '../../../lib/errors.ts';
import { printLine } from '../../output.ts';
import { withRegistries } from '../../registry-client.ts';
import type { Invocation } from '../../spec.ts';
import { readMemberOptions } from './_member-options.ts';
import { listStore } from './_store.ts';

export async function run({ args: [name = '', ...images], options }: Invocation): Promise<void> {
  const store = listStore();
  const { id } = resolveList(store, name);
  const change = readMemberOptions(options);
  const members: ListMember[] = [];
  await withRegistries(options, async (remote) => {
    for (const image of images) {
      try {
        members.push(...await membersOf(store, image, { all: options['all'] === true, platform: change }, remote));
      } catch (error) {
        throw wrap(error, `add ${JSON.stringify(image)} to manifest list ${JSON.stringify(name)}`);
      }
    }
  });
  await changeList(store, id, (list) => withMembers(list, members.map((member) => changedMember(member, change))));
  printLine(id);
}
