/** Blobs, as streams: opened at an offset where the registry can. Not hashed here; whoever stores the bytes does. */
import type { Digest } from '../oci/ids.ts';
import { blobPath, type Place } from './connections.ts';
import { parseContentRange } from './content-range.ts';
import type { HttpAnswer } from './http.ts';
import type { BlobStream } from './index.ts';
import { lengthOf } from './manifests.ts';

const codes = { 404: 'BLOB_UNKNOWN' } as const;

/** Opens a blob. An offset that the registry doesn't serve gives the whole blob, at offset 0. */
export async function fetchBlob(place: Place, digest: Digest, offset: number): Promise<BlobStream> {
  const ask = (headers: Record<string, string>, expect: readonly number[]): Promise<HttpAnswer> =>
    place.transport.send({ method: 'GET', target: blobPath(place, digest), headers, scopes: [place.pull], expect, codes });
  if (offset > 0) {
    const answer = await ask({ range: `bytes=${offset}-` }, [200, 206, 416]);
    if (answer.status === 200) return whole(place, answer);
    const range = parseContentRange(answer.header('content-range'));
    if (answer.status === 206 && range?.first === offset && (range.totalBytes === undefined || range.last === range.totalBytes - 1)) {
      return { offset, totalBytes: range.totalBytes, body: answer.stream(), from: place.endpoint };
    }
    await answer.discard();
    // Nothing is left to fetch: the offset is the end.
    if (answer.status === 416 && range?.totalBytes === offset) return { offset, totalBytes: offset, body: nothing(), from: place.endpoint };
  }
  return whole(place, await ask({}, [200]));
}

function whole(place: Place, answer: HttpAnswer): BlobStream {
  return { offset: 0, totalBytes: lengthOf(answer), body: answer.stream(), from: place.endpoint };
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // No bytes are left.
}

/** Size; undefined: the registry has no such blob, or doesn't say how large it is. */
export async function statBlob(place: Place, digest: Digest): Promise<number | undefined> {
  const answer = await place.transport.send({ method: 'HEAD', target: blobPath(place, digest), scopes: [place.push], expect: [200, 404] });
  await answer.discard();
  return answer.status === 404 ? undefined : lengthOf(answer);
}
