import { changeList, resolveList } from '../../../image/lists/list-store.ts';
import { memberDigest } from '../../../image/lists/members.ts';
import { withChangedMember } from '../../../image/lists/model.ts';
import { SkiffError, wrap } from '../../../lib/errors.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { readMemberOptions } from './_member-options.ts';
import { listStore } from './_store.ts';

export async function run({ args: [name = '', image], options }: Invocation): Promise<void> {
  const store = listStore();
  const { id } = resolveList(store, name);
  const { annotations, ...platform } = readMemberOptions(options);
  const ofIndex = options['index'] === true;
  if (ofIndex ? image !== undefined || Object.values(platform).some((value) => value !== undefined) : image === undefined) {
    throw new SkiffError('USAGE', ofIndex ? '--index takes --annotation, and no IMAGE' : 'name the IMAGE to annotate, or give --index');
  }
  try {
    await changeList(store, id, (list) => (image === undefined
      ? { ...list, annotations: { ...list.annotations, ...annotations } }
      : withChangedMember(list, memberDigest(store, list.members, image), { ...platform, annotations })));
  } catch (error) {
    throw wrap(error, `annotate manifest list ${JSON.stringify(name)}`);
  }
  printLine(id);
}
