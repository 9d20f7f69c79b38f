/**
 * `pull`: from what a user wrote to images in the store. Names are resolved without a prompt, the trust policy is asked before the
 * first byte, and each image comes whole or not at all.
 *
 * @see podman-pull(1)
 */
import { SkiffError, isCode, wrap } from '../lib/errors.ts';
import { humanSize } from '../lib/units.ts';
import type { ImageID } from '../oci/ids.ts';
import type { Platform } from '../oci/platform.ts';
import { choosePlatform, normalizePlatform } from '../oci/platform.ts';
import type { NamedReference, Reference } from '../oci/reference.ts';
import { canonicalString, normalize, parseReference, withDefaultTag } from '../oci/reference.ts';
import { listBlobs, pruneBlobs } from '../storage/blob-area.ts';
import type { Store } from '../storage/index.ts';
import type { Miss } from './elsewhere.ts';
import { firstTags, meansElsewhere, nobodyHasIt } from './elsewhere.ts';
import { hostPlatform } from './host-platform.ts';
import type { ResolvedImage } from './index.ts';
import { manifestDigests } from './manifests.ts';
import { isWholeID, unknownImage } from './match.ts';
import type { RegistryAccess } from './pull/access.ts';
import type { OnPullEvent } from './pull/events.ts';
import { findImage } from './resolve.ts';
import { parseLocation } from './transports.ts';

export type PullPolicy = 'always' | 'missing' | 'newer' | 'never';

export interface PullRequest {
  readonly policy: PullPolicy;
  /** Other than the machine's. */
  readonly platform?: Platform | undefined;
  readonly allTags?: boolean;
  readonly access: RegistryAccess;
  readonly onEvent: OnPullEvent;
  readonly signal: AbortSignal;
  /** --signature-policy: in the place of the machine's. */
  readonly signaturePolicy?: string | undefined;
}

export interface PullResult {
  readonly id: ImageID;
  /** The full name under which it is in the store now; absent for an image without one. */
  readonly name?: NamedReference | undefined;
  /** What a user should know of the image. */
  readonly notes: readonly string[];
}

/** Downloads that nobody went on with for so long are taken away by the next pull. */
const forgottenMs = 7 * 24 * 60 * 60 * 1000;

/**
 * @throws IMAGE_UNKNOWN (policy never), REFERENCE_INVALID, POLICY_REFUSED, RegistryError and what the sources throw
 */
export async function pullImage(store: Store, text: string, request: PullRequest): Promise<PullResult[]> {
  const location = parseLocation(text);
  if (location !== undefined && location.transport !== 'docker') {
    if (request.allTags === true) throw new SkiffError('USAGE', `--all-tags is for registries, not for ${location.transport}:`);
    const { pullFromTransport } = await import('./pull/from-transport.ts');
    try {
      const loaded = await pullFromTransport(store, location, { ...request, platform: request.platform ?? hostPlatform() });
      for (const { id, names, digest } of loaded) request.onEvent({ kind: 'loaded', id, names, digest });
      return loaded.map(({ id, names, notes }) => ({ id, name: names[0], notes }));
    } catch (error) {
      request.signal.throwIfAborted();
      throw wrap(error, `pull ${JSON.stringify(text)}`);
    }
  }
  if (location === undefined && isWholeID(text)) return [byID(store, text, request)];
  // Behind docker:// a short name is docker.io's, for Podman too: neither an alias nor a search registry is asked.
  const reference = location === undefined ? parseReference(text) : normalize(parseReference(location.reference));
  const written = location === undefined ? text : canonicalString(withDefaultTag(normalize(reference)));
  if (request.allTags === true) return await pullAllTags(store, reference, request);
  const local = request.policy === 'always' ? undefined : localImage(store, written, request.platform) ?? await aliasedImage(store, reference, request);
  if (local !== undefined && request.policy !== 'newer') return [{ id: local.id, name: local.name, notes: [] }];
  if (request.policy === 'never') throw unknownImage(written);
  return [await pullFirst(store, reference, request, local)];
}

/** No registry knows an image by its id. */
function byID(store: Store, text: string, { policy, platform }: PullRequest): PullResult {
  if (policy === 'always') throw new SkiffError('USAGE', `pull policy is always but image has been referred to by ID (${text})`);
  const local = localImage(store, text, platform);
  if (local === undefined) throw unknownImage(text);
  return { id: local.id, notes: [] };
}

/** The image where it is in the store, of the wanted platform. A damaged one counts as missing: it is fetched again. */
function localImage(store: Store, text: string, platform: Platform | undefined): ResolvedImage | undefined {
  try {
    const image = findImage(store, text);
    if (image === undefined || platform === undefined) return image;
    const { os, architecture, variant } = image.config;
    const own = normalizePlatform({ os, architecture, ...(variant !== undefined && { variant }) });
    return choosePlatform([{ platform: own }], platform) === undefined ? undefined : image;
  } catch (error) {
    if (isCode(error, 'STORE_CORRUPT')) return undefined;
    throw error;
  }
}

/** The same for a short name that registries.conf gives another meaning: an alias, and what it leads to was pulled by its own name. */
async function aliasedImage(store: Store, reference: Reference, { access, platform }: PullRequest): Promise<ResolvedImage | undefined> {
  if (reference.domain !== undefined) return undefined;
  try {
    const { candidates } = await access.resolve(reference);
    return candidates.map((candidate) => localImage(store, canonicalString(withDefaultTag(candidate)), platform)).find((image) => image !== undefined);
  } catch (error) {
    // What is wrong with the search is told where something is searched for.
    if (isCode(error, 'IMAGE_AMBIGUOUS', 'REFERENCE_INVALID')) return undefined;
    throw error;
  }
}

/** The first candidate that is there. */
async function pullFirst(store: Store, reference: Reference, request: PullRequest, local: ResolvedImage | undefined): Promise<PullResult> {
  const { access, onEvent } = request;
  const { candidates, notice } = await access.resolve(reference);
  if (notice !== undefined) onEvent({ kind: 'notice', text: notice });
  const misses: Miss[] = [];
  for (const candidate of whereItCameFrom(candidates, local)) {
    const name = withDefaultTag(candidate);
    try {
      return await pullOne(store, name, request, local);
    } catch (error) {
      request.signal.throwIfAborted();
      if (!meansElsewhere(error)) throw failed(store, error, name);
      misses.push({ name: canonicalString(name), error });
    }
  }
  // As the peer has it: what is there is good enough where nobody can tell of anything newer.
  if (local !== undefined) {
    const unheard = misses.filter(({ error }) => !isCode(error, 'MANIFEST_UNKNOWN', 'NAME_UNKNOWN'));
    return { id: local.id, name: local.name, notes: unheard.map(({ name, error }) => `${name}: ${error.message}`) };
  }
  throw nobodyHasIt(misses, { what: 'pull', doing: 'pulling' });
}

/** Of an image that is here by the name of one of them, only that one can have a newer. As the peer. */
function whereItCameFrom(candidates: readonly NamedReference[], local: ResolvedImage | undefined): readonly NamedReference[] {
  const own = candidates.filter(({ domain, path }) => domain === local?.name?.domain && path === local.name.path);
  return own.length > 0 ? own : candidates;
}

/** Of a disk without room, with what could be given up for it. */
function failed(store: Store, error: unknown, name: NamedReference): SkiffError {
  const unfinished = isCode(error, 'NO_SPACE') ? listBlobs(store).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) : 0;
  const hint = `free some space: skiff system prune removes what unfinished pulls have left (${humanSize(unfinished, { digits: 3 })}), skiff rmi images`;
  return wrap(error, `pull ${canonicalString(name)}`, unfinished > 0 ? { hint } : {});
}

async function pullOne(store: Store, name: NamedReference, request: PullRequest, local: ResolvedImage | undefined): Promise<PullResult> {
  const { access, onEvent } = request;
  const { requireTrusted } = await import('./trust/require.ts');
  requireTrusted({ transport: 'docker', reference: name }, ...(request.signaturePolicy === undefined ? [] : [request.signaturePolicy]));
  onEvent({ kind: 'notice', text: `Trying to pull ${canonicalString(name)}...` });
  const [{ pullFromRegistry }, opened] = await Promise.all([import('./pull/from-registry.ts'), access.open()]);
  if (local !== undefined && await isNewest(store, local, name, opened.client)) return { id: local.id, name: local.name, notes: [] };
  pruneBlobs(store, { olderThanMs: forgottenMs });
  const pulled = await pullFromRegistry(store, name, { ...opened, platform: request.platform ?? hostPlatform(), onEvent });
  return { id: pulled.id, name: pulled.name, notes: pulled.notes };
}

async function isNewest(store: Store, local: ResolvedImage, name: NamedReference, client: Awaited<ReturnType<RegistryAccess['open']>>['client']): Promise<boolean> {
  const head = await client.headManifest({ domain: name.domain, path: name.path }, name.digest ?? name.tag ?? 'latest');
  if (head === undefined) throw new SkiffError('MANIFEST_UNKNOWN', 'manifest unknown');
  return manifestDigests(store, local.id).includes(head.digest);
}

/** Every tag of the repository, in the registry's order. */
async function pullAllTags(store: Store, reference: Reference, request: PullRequest): Promise<PullResult[]> {
  if (reference.tag !== undefined || reference.digest !== undefined) throw new SkiffError('USAGE', "a tag can't be used with --all-tags");
  const { candidates, notice } = await request.access.resolve(reference);
  if (notice !== undefined) request.onEvent({ kind: 'notice', text: notice });
  const { client } = await request.access.open();
  const { name, tags } = await firstTags(client, candidates, { what: 'pull', doing: 'pulling' });
  const results: PullResult[] = [];
  for (const tag of tags) {
    try {
      results.push(await pullOne(store, { ...name, tag }, request, undefined));
    } catch (error) {
      request.signal.throwIfAborted();
      throw failed(store, error, { ...name, tag });
    }
  }
  if (results.length === 0) throw new SkiffError('MANIFEST_UNKNOWN', `${canonicalString(name)} has no tags`);
  return results;
}
