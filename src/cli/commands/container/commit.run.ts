import { writeFileSync } from 'node:fs';
import { commitContainer } from '../../../container/commit.ts';
import { withUserUmask } from '../../../host/umask.ts';
import { parseTarget } from '../../../image/tag.ts';
import { wrap } from '../../../lib/errors.ts';
import { hexOf } from '../../../oci/ids.ts';
import { mediaTypes } from '../../../oci/media-types.ts';
import { interruptible } from '../../interrupt.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { selectOne } from './_select.ts';
import { flag, list, text } from './_values.ts';

export async function run(invocation: Invocation): Promise<void> {
  const { options } = invocation;
  const context = openContext();
  const latest = flag(options, 'latest');
  const name = invocation.args[latest ? 0 : 1];
  const container = selectOne(context, invocation, invocation.args[0]);
  const id = await interruptible((signal) => commitContainer(context, container, {
    signal,
    names: name === undefined ? [] : [parseTarget(name)], changes: list(options, 'change'), author: text(options, 'author'), message: text(options, 'message'),
    mediaType: text(options, 'format') === 'docker' ? mediaTypes.dockerManifest : mediaTypes.ociManifest,
    includeVolumes: flag(options, 'include-volumes'), pause: flag(options, 'pause'),
  }));
  const file = text(options, 'iidfile');
  try {
    if (file !== undefined) withUserUmask(() => writeFileSync(file, hexOf(id)));
  } catch (error) {
    throw wrap(error, 'write the image id file');
  }
  printLine(hexOf(id));
}
