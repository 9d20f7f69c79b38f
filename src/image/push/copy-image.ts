/** An image from one place to another as it is, blob by blob: what a manifest list has of other registries and of archives. */
import { SkiffError, wrap } from '../../lib/errors.ts';
import { limiter } from '../../lib/limit.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { checkDigest } from '../../oci/digest.ts';
import type { Digest } from '../../oci/ids.ts';
import { parseManifest } from '../../oci/manifest.ts';
import { sameRepository } from './candidates.ts';
import { tryMount } from './push-layer.ts';
import type { ImageSource } from './source.ts';
import type { ImageTarget, LayerOutcome, PushListener } from './target.ts';

/** Copies the image with this manifest. Nothing is fetched that is there. @throws MANIFEST_INVALID (an index), DIGEST_MISMATCH, REGISTRY_FAILED … */
export async function copyImage(source: ImageSource, target: ImageTarget, digest: Digest, listener: PushListener = {}): Promise<void> {
  const fetched = await source.manifest(digest);
  const { value: manifest } = parseManifest(fetched.raw, fetched.mediaType);
  const inTurn = limiter(target.concurrency);
  let failed = false;
  const blobs = new Map([...manifest.layers, manifest.config].map((descriptor) => [descriptor.digest, descriptor]));
  const copies = [...blobs.values()].map((descriptor) => inTurn(async () => {
    if (failed) return;
    try {
      const isConfig = descriptor === manifest.config;
      const outcome = await copyBlob(source, target, descriptor, isConfig ? {} : listener, () => failed);
      if (!isConfig) listener.layer?.(descriptor.digest, outcome);
    } catch (error) {
      failed = true;
      throw wrap(error, `copy blob ${descriptor.digest}`);
    }
  }));
  try {
    await Promise.all(copies);
  } catch (error) {
    await Promise.allSettled(copies);
    throw error;
  }
  listener.config?.(manifest.config.digest);
  const confirmed = await target.putManifest(fetched.raw, manifest.mediaType);
  listener.manifest?.(confirmed, fetched.raw.length);
}

async function copyBlob(source: ImageSource, target: ImageTarget, { digest, size }: Descriptor, listener: PushListener, hasFailed: () => boolean): Promise<LayerOutcome> {
  if (await target.statBlob(digest) === size) return { kind: 'exists' };
  const { repository } = source;
  if (repository !== undefined && target.repository?.domain === repository.domain && !sameRepository(repository, target.repository) && await tryMount(target, digest, repository)) {
    return { kind: 'mounted', from: repository };
  }
  listener.sending?.(digest, size);
  const { sizeBytes } = await target.putBlob({ digest, sizeBytes: size, open: () => checked(source.blob(digest), digest, size, hasFailed) }, (count) => listener.bytes?.(digest, count));
  return { kind: 'sent', sizeBytes };
}

async function* checked(bytes: AsyncIterable<Uint8Array>, digest: Digest, sizeBytes: number, hasFailed: () => boolean): AsyncGenerator<Uint8Array> {
  const check = checkDigest(digest);
  for await (const chunk of bytes) {
    if (hasFailed()) throw new SkiffError('IO', 'another blob could not be copied');
    check.update(chunk);
    if (check.sizeBytes > sizeBytes) throw new SkiffError('DIGEST_MISMATCH', `blob ${digest} has more than the ${sizeBytes} bytes that its manifest says`);
    yield chunk;
  }
  check.end(`blob ${digest}`);
}
