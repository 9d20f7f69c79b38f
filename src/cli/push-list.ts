/** `manifest push`, and `push` of a name that is a list. */
import { pushListTo } from '../image/lists/push-list.ts';
import type { ManifestList } from '../image/lists/model.ts';
import { asDestination } from '../image/push/push-to.ts';
import { parseLocation } from '../image/transports.ts';
import { wrap } from '../lib/errors.ts';
import type { Store } from '../storage/index.ts';
import { writeDigestfile } from './digestfile.ts';
import { readPushOptions } from './options/push.ts';
import { pushProgress } from './push-progress.ts';
import { withRegistries } from './registry-client.ts';
import type { OptionValues } from './spec.ts';

export async function pushListCommand(store: Store, list: ManifestList, { text, to, all }: { text: string; to: string | undefined; all: boolean }, options: OptionValues): Promise<void> {
  const written = to ?? list.names[0] ?? text;
  const destination = asDestination(parseLocation(written) ?? { transport: 'docker', reference: written });
  const progress = pushProgress(options['quiet'] === true, destination);
  try {
    const digest = await withRegistries(options, (remote, signal) => pushListTo(store, list, destination, { ...readPushOptions(options), all, listener: progress, signal }, remote.client),
      destination.transport === 'docker' ? destination.name.domain : undefined);
    writeDigestfile(options['digestfile'] as string | undefined, digest);
  } catch (error) {
    throw wrap(error, `push manifest list ${JSON.stringify(text)}${to === undefined ? '' : ` to ${JSON.stringify(to)}`}`);
  } finally {
    progress.end();
  }
}
