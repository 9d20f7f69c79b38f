import { randomHex } from '../../../host/random.ts';
import { nowRfc3339Nano } from '../../../host/time.ts';
import { changeList, createList, findList, listName } from '../../../image/lists/list-store.ts';
import { membersOf } from '../../../image/lists/members.ts';
import type { ListMember, ManifestList } from '../../../image/lists/model.ts';
import { withMembers } from '../../../image/lists/model.ts';
import { wrap } from '../../../lib/errors.ts';
import { printLine } from '../../output.ts';
import { withRegistries } from '../../registry-client.ts';
import type { Invocation } from '../../spec.ts';
import { listStore, parseAnnotations } from './_store.ts';

/** Everything is found before the list is there. */
export async function run({ args: [name = '', ...images], options }: Invocation): Promise<void> {
  const store = listStore();
  try {
    const annotations = parseAnnotations(options['annotation'] as readonly string[] | undefined) ?? {};
    const whole = listName(name);
    const members: ListMember[] = [];
    await withRegistries(options, async (remote) => {
      for (const image of images) members.push(...await membersOf(store, image, { all: options['all'] === true }, remote));
    });
    const before = options['amend'] === true ? findList(store, whole) : undefined;
    const fill = (list: ManifestList): ManifestList => withMembers({ ...list, annotations: { ...list.annotations, ...annotations } }, members);
    if (before !== undefined) {
      await changeList(store, before.id, fill);
      printLine(before.id);
      return;
    }
    const list = fill({ id: randomHex(32), names: [whole], created: nowRfc3339Nano(), annotations: {}, members: [] });
    await createList(store, list);
    printLine(list.id);
  } catch (error) {
    throw wrap(error, `create manifest list ${JSON.stringify(name)}`);
  }
}
