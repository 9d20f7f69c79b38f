/** From a list to the index that it is. Pure. @see image-spec image-index.md; distribution docs/spec/manifest-v2-2.md "Manifest List" */
import { mediaTypes } from '../../oci/media-types.ts';
import type { ListMember, ListPlatform, ManifestList } from './model.ts';

export type IndexMediaType = typeof mediaTypes.ociIndex | typeof mediaTypes.dockerList;

/** Docker's where all members are Docker's and nothing is said that only OCI's can say; as Podman decides. */
export function indexTypeFor({ members, annotations }: Pick<ManifestList, 'members' | 'annotations'>): IndexMediaType {
  const isDocker = members.length > 0 && Object.keys(annotations).length === 0
    && members.every((member) => member.mediaType === mediaTypes.dockerManifest && member.annotations === undefined && member.artifactType === undefined);
  return isDocker ? mediaTypes.dockerList : mediaTypes.ociIndex;
}

/** Plain JSON with the keys in the order of Go's tools. Docker's lists have no annotations: they are left out. */
export function indexDocument(list: Pick<ManifestList, 'members' | 'annotations'>, mediaType: IndexMediaType = indexTypeFor(list)): object {
  const isOci = mediaType === mediaTypes.ociIndex;
  return {
    schemaVersion: 2, mediaType, manifests: list.members.map((member) => descriptorOf(member, isOci)),
    ...(isOci && Object.keys(list.annotations).length > 0 && { annotations: list.annotations }),
  };
}

/** The bytes that are pushed: equal lists give equal digests. */
export function indexBytes(list: Pick<ManifestList, 'members' | 'annotations'>, mediaType: IndexMediaType = indexTypeFor(list)): Buffer {
  return Buffer.from(JSON.stringify(indexDocument(list, mediaType)));
}

function descriptorOf({ mediaType, digest, size, annotations, platform, artifactType }: ListMember, isOci: boolean): object {
  return {
    mediaType, digest, size, ...(isOci && annotations !== undefined && Object.keys(annotations).length > 0 && { annotations }),
    ...(platform !== undefined && { platform: platformOf(platform) }), ...(isOci && artifactType !== undefined && { artifactType }),
  };
}

function platformOf(platform: ListPlatform): object {
  const { architecture, os, variant, features } = platform;
  return {
    architecture, os, ...(platform['os.version'] !== undefined && { 'os.version': platform['os.version'] }), ...(platform['os.features'] !== undefined && { 'os.features': platform['os.features'] }),
    ...(variant !== undefined && { variant }), ...(features !== undefined && { features }),
  };
}
