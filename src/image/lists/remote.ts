/** Manifests of registries by what a user calls them. */
import type { Reference } from '../../oci/reference.ts';
import { canonicalString, normalize, parseReference, withDefaultTag } from '../../oci/reference.ts';
import type { FetchedManifest, RegistryClient, Repository } from '../../registry/index.ts';
import type { Resolution } from '../../registry/short-names.ts';
import type { Miss } from '../elsewhere.ts';
import { meansElsewhere, nobodyHasIt } from '../elsewhere.ts';
import { isWholeID, unknownImage } from '../match.ts';

/** How a command reaches registries. */
export interface Remote {
  readonly client: () => Promise<RegistryClient>;
  /** What a name without a registry stands for. */
  readonly resolve: (reference: Reference) => Promise<Resolution>;
  /** Hears which registries a short name was looked for in. */
  readonly notice: (text: string) => void;
}

export interface RemoteManifest { readonly repository: Repository; readonly fetched: FetchedManifest }

/** `isWhole`: it was written behind docker://, where a short name is one of docker.io. @throws IMAGE_UNKNOWN (an id), MANIFEST_UNKNOWN, REFERENCE_INVALID, REGISTRY_FAILED … */
export async function fetchNamed(remote: Remote, text: string, isWhole: boolean): Promise<RemoteManifest> {
  if (!isWhole && isWholeID(text)) throw unknownImage(text);
  const reference = withDefaultTag(parseReference(text));
  const { candidates, notice } = isWhole ? { candidates: [normalize(reference)], notice: undefined } : await remote.resolve(reference);
  if (notice !== undefined) remote.notice(notice);
  const client = await remote.client();
  const misses: Miss[] = [];
  for (const candidate of candidates) {
    const { domain, path, digest, tag = '' } = candidate;
    try {
      return { repository: { domain, path }, fetched: await client.fetchManifest({ domain, path }, digest ?? tag) };
    } catch (error) {
      if (!meansElsewhere(error)) throw error;
      misses.push({ name: canonicalString(candidate), error });
    }
  }
  throw nobodyHasIt(misses, { doing: 'looking for it' });
}
