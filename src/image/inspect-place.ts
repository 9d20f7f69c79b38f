/**
 * `image inspect` of an image that is not in the store: in a registry, an archive, a layout, a folder. Manifest and config are read, no
 * layer; what only layers can tell is missing from the view.
 */
import { SkiffError } from '../lib/errors.ts';
import { digestOf } from '../oci/ids.ts';
import { parseManifest } from '../oci/manifest.ts';
import type { NamedReference } from '../oci/reference.ts';
import { canonicalName, normalize, parseReference, withDefaultTag } from '../oci/reference.ts';
import type { RegistryClient } from '../registry/index.ts';
import type { Store } from '../storage/index.ts';
import { hostPlatform } from './host-platform.ts';
import type { ImageDocuments } from './inspect.ts';
import { describeImage } from './inspect.ts';
import type { Location } from './transports.ts';

/**
 * The view as inspectImage has it, without GraphDriver; Size is that of the layers as they lie there. Of several images the machine's platform's.
 * @throws UNSUPPORTED for a daemon, which would send all of it; RegistryError, and what the readers throw
 */
export async function inspectPlace(store: Store, location: Location, client: () => Promise<RegistryClient>): Promise<Record<string, unknown>> {
  switch (location.transport) {
    case 'docker': return await inspectRemote(store, withDefaultTag(normalize(parseReference(location.reference))), await client());
    case 'docker-daemon': throw new SkiffError('UNSUPPORTED', `docker-daemon:${location.reference}: a daemon sends whole images only`, { hint: `skiff pull docker-daemon:${location.reference}` });
    default: {
      const { offeredBy, openLocation } = await import('./pull/from-transport.ts');
      const files = await openLocation(store, location, new AbortController().signal);
      try {
        const [image, ...more] = offeredBy(location, files, hostPlatform());
        if (image === undefined) throw new SkiffError('ARCHIVE_INVALID', 'there is no image');
        if (more.length > 0) throw new SkiffError('IMAGE_AMBIGUOUS', 'more than one image there, choose an image', { hint: `${location.transport}:${location.path}:NAME, or :@0 for the first` });
        const manifest = image.rawManifest === undefined ? undefined : parseManifest(image.rawManifest).value;
        return view({
          id: image.id, config: image.config, names: image.names, digest: image.rawManifest === undefined ? undefined : digestOf(image.rawManifest), manifest,
          sizeBytes: image.layers.reduce((sum, layer) => sum + layer.sizeBytes, 0),
        });
      } finally {
        files.close();
      }
    }
  }
}

async function inspectRemote(store: Store, name: NamedReference, client: RegistryClient): Promise<Record<string, unknown>> {
  const { fetchDocuments } = await import('./pull/from-registry.ts');
  const { top, chosen: { manifest }, id, config } = await fetchDocuments(store, name, client, hostPlatform());
  return view({ id, config, names: [name], digest: top, manifest, sizeBytes: manifest.layers.reduce((sum, { size }) => sum + size, 0) });
}

function view(image: Omit<ImageDocuments, 'repoDigests'>): Record<string, unknown> {
  const { names, digest } = image;
  const repoDigests = digest === undefined ? [] : [...new Set(names.map((name) => `${canonicalName(name)}@${digest}`))];
  return describeImage({ ...image, repoDigests }, { parent: undefined, graph: undefined });
}
