/** Manifests: fetched, looked up, stored. Whatever a registry says of a digest is held against the bytes. */
import { SkiffError, isCode } from '../lib/errors.ts';
import { verifyDigest } from '../oci/digest.ts';
import { type Digest, digestOf, parseDigest } from '../oci/ids.ts';
import { maxManifestBytes } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { isTag } from '../oci/reference.ts';
import type { Place } from './connections.ts';
import type { HttpAnswer } from './http.ts';
import type { FetchedManifest } from './index.ts';

const accept = [mediaTypes.ociIndex, mediaTypes.dockerList, mediaTypes.ociManifest, mediaTypes.dockerManifest].join(', ');
const codes = { 404: 'MANIFEST_UNKNOWN' } as const;
/** A registry may check that all blobs are there before it answers. */
const putTimeoutMs = 300_000;

/** True for a digest, false for a tag. @throws DIGEST_INVALID, REFERENCE_INVALID: nothing else ever gets into a path */
export function isDigestReference(reference: string): boolean {
  if (reference.includes(':')) return parseDigest(reference) === reference;
  if (!isTag(reference)) throw new SkiffError('REFERENCE_INVALID', `invalid tag ${JSON.stringify(reference.slice(0, 130))}`);
  return false;
}

export async function fetchManifest(place: Place, reference: string): Promise<FetchedManifest> {
  const wanted = isDigestReference(reference) ? parseDigest(reference) : undefined;
  const target = `${place.base}/manifests/${reference}`;
  const answer = await place.transport.send({ method: 'GET', target, headers: { accept }, scopes: [place.pull], expect: [200], codes });
  const raw = await answer.read(maxManifestBytes, 'MANIFEST_INVALID');
  const what = `manifest ${reference} of ${place.endpoint.repository.domain}/${place.endpoint.repository.path}`;
  if (wanted !== undefined) verifyDigest(raw, wanted, what);
  else checkSaidDigest(answer, raw, what);
  return { raw, digest: digestOf(raw), mediaType: mediaTypeOf(answer), from: place.endpoint };
}

/** Undefined: not there. Null: the registry tells no digest without the body. */
export async function headManifest(place: Place, reference: string): Promise<{ digest: Digest; mediaType: string | undefined; sizeBytes: number | undefined } | undefined | null> {
  const wanted = isDigestReference(reference) ? parseDigest(reference) : undefined;
  const answer = await place.transport.send({ method: 'HEAD', target: `${place.base}/manifests/${reference}`, headers: { accept }, scopes: [place.pull], expect: [200, 404, 405, 501] });
  await answer.discard();
  if (answer.status === 404) return undefined;
  const said = answer.header('docker-content-digest');
  if (answer.status !== 200 || (said === undefined && wanted === undefined)) return null;
  return { digest: wanted ?? parseDigest(said), mediaType: mediaTypeOf(answer), sizeBytes: lengthOf(answer) };
}

/** Returns sha256 of the bytes. @throws DIGEST_MISMATCH where the registry stored something else */
export async function putManifest(place: Place, reference: string, raw: Uint8Array, mediaType: string): Promise<Digest> {
  isDigestReference(reference);
  const answer = await place.transport.send({
    method: 'PUT', target: `${place.base}/manifests/${reference}`, headers: { 'content-type': mediaType }, body: raw, scopes: [place.push], expect: [200, 201, 202], answerTimeoutMs: putTimeoutMs,
  });
  await answer.discard();
  try {
    checkSaidDigest(answer, raw, 'manifest');
  } catch (error) {
    if (!isCode(error, 'DIGEST_MISMATCH')) throw error;
    // Here the bytes are right, and what was said of them is not.
    throw new SkiffError('DIGEST_MISMATCH', `manifest ${reference} as stored by ${place.endpoint.repository.domain} has digest ${answer.header('docker-content-digest')}, expected ${digestOf(raw)}`, { cause: error });
  }
  return digestOf(raw);
}

function checkSaidDigest(answer: HttpAnswer, raw: Uint8Array, what: string): void {
  const said = answer.header('docker-content-digest');
  if (said !== undefined) verifyDigest(raw, parseDigest(said), what);
}

export function lengthOf(answer: HttpAnswer): number | undefined {
  const text = answer.header('content-length');
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function mediaTypeOf(answer: HttpAnswer): string | undefined {
  return answer.header('content-type')?.split(';')[0]?.trim().toLowerCase() || undefined;
}
