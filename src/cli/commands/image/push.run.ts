import { asDestination, pushTo } from '../../../image/push/push-to.ts';
import type { Subject } from '../../../image/resolve.ts';
import { resolveSubject } from '../../../image/resolve.ts';
import { parseLocation } from '../../../image/transports.ts';
import { SkiffError, isCode, wrap } from '../../../lib/errors.ts';
import { canonicalString } from '../../../oci/reference.ts';
import type { Store } from '../../../storage/index.ts';
import { byAlias } from '../../by-alias.ts';
import { readPushOptions } from '../../options/push.ts';
import { writeDigestfile } from '../../digestfile.ts';
import { pushListCommand } from '../../push-list.ts';
import { pushProgress } from '../../push-progress.ts';
import { withRegistries } from '../../registry-client.ts';
import type { Invocation } from '../../spec.ts';
import { imageStore } from './_store.ts';

export async function run({ args: [text = '', to], options }: Invocation): Promise<void> {
  const store = imageStore();
  const { image, list } = await subjectOf(store, text);
  if (image === undefined) return pushListCommand(store, list, { text, to, all: true }, options);
  if (to === undefined && image.name === undefined) throw new SkiffError('USAGE', `push ${JSON.stringify(text)}: an id says no destination`, { hint: `skiff push ${text} REGISTRY/NAME:TAG` });
  const written = to ?? (image.name === undefined ? '' : canonicalString(image.name));
  const destination = asDestination(parseLocation(written) ?? { transport: 'docker', reference: written });
  const progress = pushProgress(options['quiet'] === true, destination);
  try {
    const digest = await withRegistries(options, (remote, signal) => pushTo(store, image, destination, { ...readPushOptions(options), listener: progress, signal }, remote.client));
    writeDigestfile(options['digestfile'] as string | undefined, digest);
  } catch (error) {
    throw wrap(error, `push ${JSON.stringify(text)}${to === undefined ? '' : ` to ${JSON.stringify(to)}`}`);
  } finally {
    progress.end();
  }
}

async function subjectOf(store: Store, text: string): Promise<Subject> {
  try {
    return await byAlias(text, (name) => resolveSubject(store, name));
  } catch (error) {
    throw isCode(error, 'IMAGE_UNKNOWN') ? wrap(error, `push ${JSON.stringify(text)}`) : error;
  }
}
