import { indexDocument } from '../../../image/lists/build-index.ts';
import { findList } from '../../../image/lists/list-store.ts';
import { fetchNamed } from '../../../image/lists/remote.ts';
import { parseLocation } from '../../../image/transports.ts';
import { SkiffError, wrap } from '../../../lib/errors.ts';
import { parseManifestOrIndex } from '../../../oci/manifest.ts';
import { printJson, warn } from '../../output.ts';
import { withRegistries } from '../../registry-client.ts';
import type { Invocation } from '../../spec.ts';
import { listStore } from './_store.ts';

export async function run({ args: [name = ''], options }: Invocation): Promise<void> {
  const location = parseLocation(name);
  const list = location === undefined ? findList(listStore(), name) : undefined;
  if (list !== undefined) return printJson(indexDocument(list));
  if (location !== undefined && location.transport !== 'docker') throw new SkiffError('UNSUPPORTED', `inspect manifest ${JSON.stringify(name)}: want a list of the store, or a name in a registry`);
  try {
    const { fetched: { raw, mediaType } } = await withRegistries(options, (remote) => fetchNamed(remote, location?.reference ?? name, location !== undefined));
    const { value } = parseManifestOrIndex(raw, mediaType);
    if (value.kind === 'manifest') warn(`the manifest type ${value.mediaType} is not a manifest list but a single image`);
    // The document as the registry has it, with all that it says.
    printJson(JSON.parse(raw.toString('utf8')));
  } catch (error) {
    throw wrap(error, `inspect manifest ${JSON.stringify(name)}`);
  }
}
