/** How many bytes a layer's tar has, from its tar-split data alone. */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { wrap } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import type { ChainID } from '../oci/ids.ts';
import type { Store } from '../storage/index.ts';
import { layerdbFiles } from '../storage/layout.ts';
import { splitEntries } from '../storage/tar/split.ts';

/** Reads the tar-split file, not the layer: about a millisecond for a thousand files. @throws STORE_CORRUPT, NOT_FOUND */
export async function layerTarSize(store: Store, layer: ChainID): Promise<number> {
  const file = createReadStream(join(store.layout.layer(layer), layerdbFiles.tarSplit));
  const gunzip = createGunzip();
  file.on('error', (error) => gunzip.destroy(error));
  let sizeBytes = 0;
  try {
    for await (const entries of splitEntries(file.pipe(gunzip) as AsyncIterable<Buffer>)) for (const entry of entries) sizeBytes += entry.kind === 'segment' ? entry.bytes.length : entry.sizeBytes;
  } catch (error) {
    throw wrap(error, `read layer ${layer}`);
  } finally {
    file.destroy();
  }
  return sizeBytes;
}
