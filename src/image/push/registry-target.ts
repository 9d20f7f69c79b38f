/** A repository of a registry as the destination of a push. */
import { availableParallelism } from 'node:os';
import { digestOf } from '../../oci/ids.ts';
import type { RegistryClient, Repository } from '../../registry/index.ts';
import { headBytes } from '../archive/offer.ts';
import type { ImageTarget } from './target.ts';

/** More than the cores: while one layer waits for the network another is compressed. */
const atLeast = 3;

export function registryTarget(client: RegistryClient, repository: Repository): ImageTarget {
  return {
    repository,
    concurrency: Math.max(atLeast, availableParallelism()),
    statBlob: (digest) => client.statBlob(repository, digest),
    async peekBlob(digest) {
      const { body } = await client.fetchBlob(repository, digest);
      let head = Buffer.alloc(0);
      for await (const chunk of body) {
        head = Buffer.concat([head, chunk.subarray(0, headBytes)]);
        if (head.length >= headBytes) break; // leaving the loop closes the connection
      }
      return head.subarray(0, headBytes);
    },
    mountBlob: (digest, from) => client.mountBlob(repository, digest, from),
    putBlob: (source, onBytes) => client.uploadBlob(repository, source, onBytes),
    putManifest: (raw, mediaType, reference) => client.putManifest(repository, reference ?? digestOf(raw), raw, mediaType),
  };
}
