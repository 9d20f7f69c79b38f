/**
 * A manifest list as it is kept: what its members are and where they lie. The index itself is written from it (build-index.ts)
 * when it is shown or pushed. Pure.
 */
import { SkiffError } from '../../lib/errors.ts';
import type { Digest, ImageID } from '../../oci/ids.ts';
import { parseDigest, parseImageID } from '../../oci/ids.ts';
import { FieldReader, parseJson } from '../../oci/json.ts';
import type { Repository } from '../../registry/index.ts';

/** A member's platform with the index's own keys, as it was written: nothing is added, dropped or normalised. */
export interface ListPlatform {
  readonly architecture: string;
  readonly os: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
  readonly variant?: string;
  readonly features?: readonly string[];
}

/** Where a member's manifest and blobs are until they are pushed. */
export type MemberSource =
  | { readonly kind: 'image'; readonly id: ImageID }
  | ({ readonly kind: 'registry' } & Repository)
  /** A folder or archive with an OCI layout, a folder of skopeo's, a docker-archive; the path is absolute. */
  | { readonly kind: 'layout' | 'dir' | 'docker-archive'; readonly path: string };

export interface ListMember {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes of the manifest. */
  readonly size: number;
  readonly platform?: ListPlatform | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly artifactType?: string | undefined;
  readonly source: MemberSource;
}

export interface ManifestList {
  /** 64 hex, random: a list has no content that could name it. */
  readonly id: string;
  /** Whole names with tag: `localhost/app:1`. */
  readonly names: readonly string[];
  /** RFC 3339. */
  readonly created: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** In the order in which they were added; digests are unique. */
  readonly members: readonly ListMember[];
}

/** What `add` and `annotate` may say of a member. */
export interface MemberChange {
  readonly architecture?: string | undefined;
  readonly os?: string | undefined;
  readonly osVersion?: string | undefined;
  readonly osFeatures?: readonly string[] | undefined;
  readonly variant?: string | undefined;
  readonly features?: readonly string[] | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

const maxListBytes = 16 * 1024 * 1024;
const maxMembers = 10_000;

/** Members are added; one with the digest of another takes its place. */
export function withMembers(list: ManifestList, members: readonly ListMember[]): ManifestList {
  const byDigest = new Map(list.members.map((member) => [member.digest, member]));
  for (const member of members) byDigest.set(member.digest, member);
  return { ...list, members: [...byDigest.values()] };
}

/** @throws MANIFEST_UNKNOWN where no member has the digest */
export function withoutMember(list: ManifestList, digest: Digest): ManifestList {
  requireMember(list, digest);
  return { ...list, members: list.members.filter((member) => member.digest !== digest) };
}

/** @throws MANIFEST_UNKNOWN where no member has the digest */
export function withChangedMember(list: ManifestList, digest: Digest, change: MemberChange): ManifestList {
  requireMember(list, digest);
  return { ...list, members: list.members.map((member) => (member.digest === digest ? changedMember(member, change) : member)) };
}

/** What is said replaces what was there; annotations are added to those that it has. */
export function changedMember(member: ListMember, { architecture, os, osVersion, osFeatures, variant, features, annotations }: MemberChange): ListMember {
  const before = member.platform ?? { architecture: '', os: '' };
  const wantsPlatform = member.platform !== undefined || [architecture, os, osVersion, osFeatures, variant, features].some((value) => value !== undefined);
  const platform: ListPlatform = {
    ...before,
    ...(architecture !== undefined && { architecture }), ...(os !== undefined && { os }), ...(osVersion !== undefined && { 'os.version': osVersion }),
    ...(osFeatures !== undefined && { 'os.features': osFeatures }), ...(variant !== undefined && { variant }), ...(features !== undefined && { features }),
  };
  return {
    ...member, ...(wantsPlatform && { platform }),
    ...(annotations !== undefined && Object.keys(annotations).length > 0 && { annotations: { ...member.annotations, ...annotations } }),
  };
}

function requireMember(list: ManifestList, digest: Digest): void {
  if (list.members.some((member) => member.digest === digest)) return;
  throw new SkiffError('MANIFEST_UNKNOWN', `${digest}: no image with this digest is in the list ${list.names[0] ?? list.id}`);
}

/** Names that something else gets are no longer the list's. The same object where it has none of them. */
export function withoutNames(list: ManifestList, names: ReadonlySet<string>): ManifestList {
  return list.names.some((name) => names.has(name)) ? { ...list, names: list.names.filter((name) => !names.has(name)) } : list;
}

export function serializeList(list: ManifestList): string {
  return `${JSON.stringify({ version: 1, ...list }, undefined, 2)}\n`;
}

/** @throws STORE_CORRUPT */
export function parseList(raw: Uint8Array, what: string): ManifestList {
  const from = new FieldReader(parseJson(raw, { what, code: 'STORE_CORRUPT', maxBytes: maxListBytes }), what, 'STORE_CORRUPT');
  if (from.value('version') !== 1) throw from.fail('version', '1');
  return {
    id: from.string('id'), names: from.optionalStrings('names') ?? [], created: from.optionalString('created') ?? '', annotations: from.optionalStringMap('annotations') ?? {},
    members: from.array('members', maxMembers).map((value, at) => readMember(new FieldReader(value, `${what}: member ${at}`, 'STORE_CORRUPT'))),
  };
}

function readMember(from: FieldReader): ListMember {
  const platform = from.optionalObject('platform');
  const artifactType = from.optionalString('artifactType');
  return {
    mediaType: from.string('mediaType'), digest: parseDigest(from.value('digest')), size: from.optionalInteger('size') ?? 0,
    platform: platform === undefined ? undefined : readPlatform(platform), annotations: from.optionalStringMap('annotations'),
    ...(artifactType !== undefined && { artifactType }), source: readSource(from.optionalObject('source') ?? from),
  };
}

function readSource(from: FieldReader): MemberSource {
  const kind = from.value('kind');
  switch (kind) {
    case 'image': return { kind: 'image', id: parseImageID(from.value('id')) };
    case 'registry': return { kind: 'registry', domain: from.string('domain'), path: from.string('path') };
    case 'layout': case 'dir': case 'docker-archive': return { kind, path: from.string('path') };
    default: throw from.fail('kind', 'known');
  }
}

/** The `platform` of a descriptor, or a config, whose fields have the same names. @throws the reader's code */
export function readPlatform(from: FieldReader): ListPlatform {
  const osVersion = filled(from.optionalString('os.version'));
  const variant = filled(from.optionalString('variant'));
  const osFeatures = from.optionalStrings('os.features', 100);
  const features = from.optionalStrings('features', 100);
  return {
    architecture: from.optionalString('architecture') ?? '', os: from.optionalString('os') ?? '',
    ...(osVersion !== undefined && { 'os.version': osVersion }), ...(osFeatures !== undefined && osFeatures.length > 0 && { 'os.features': osFeatures }),
    ...(variant !== undefined && { variant }), ...(features !== undefined && features.length > 0 && { features }),
  };
}

function filled(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
