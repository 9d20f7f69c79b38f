/** The distribution client: endpoints in their order, each operation in its own file. */
import { SkiffError } from '../lib/errors.ts';
import { log } from '../lib/log.ts';
import { fetchBlob, statBlob } from './blobs.ts';
import { openConnections, type Place } from './connections.ts';
import { RegistryError, registryErrorOf } from './errors.ts';
import type { BlobStream, ClientOptions, Endpoint, RegistryClient, Repository } from './index.ts';
import { listTags } from './listing.ts';
import { fetchManifest, headManifest, isDigestReference, putManifest } from './manifests.ts';
import { openUploads } from './uploads.ts';

type Wanted = 'tag' | 'digest' | 'blob';

/** See RegistryClient for what is promised. Opens no connection yet. */
export function openRegistry(options: ClientOptions): RegistryClient {
  const connections = openConnections(options);
  const uploads = openUploads({ attempts: connections.attempts, delayMs: options.retryDelayMs }, options.signal);
  /** Mirrors that failed: not asked again by this command. */
  const dead = new Set<string>();
  /** Who gave a repository's manifest has its blobs, whatever it serves otherwise. */
  const source = new Map<string, string>();

  const endpointsFor = (repository: Repository, wanted: Wanted): readonly Endpoint[] => {
    const all = options.endpoints(repository);
    const served = source.get(nameOf(repository));
    const fit = all.filter((one) => !one.mirror || (!dead.has(keyOf(one)) && (one.serves === 'all' || (wanted === 'blob' ? one.serves === 'digest-only' || keyOf(one) === served : one.serves === `${wanted}-only`))));
    return wanted === 'blob' && served !== undefined ? fit.toSorted((a, b) => Number(keyOf(b) === served) - Number(keyOf(a) === served)) : fit;
  };

  /** The first endpoint that has it. `undefined` as a result passes on to the next as well. */
  const fromAny = async <T>(repository: Repository, wanted: Wanted, ask: (place: Place) => Promise<T | undefined>): Promise<T | undefined> => {
    const failures: { endpoint: Endpoint; error: SkiffError }[] = [];
    let isMissing = false;
    for (const endpoint of endpointsFor(repository, wanted)) {
      try {
        const found = await ask(connections.place(endpoint));
        if (found !== undefined) return found;
        isMissing = true;
      } catch (error) {
        if (!(error instanceof SkiffError) || options.signal?.aborted === true) throw error;
        if (endpoint.mirror) passOver(endpoint, error);
        failures.push({ endpoint, error });
        isMissing = false;
      }
    }
    const last = failures.at(-1);
    // A mirror that failed is of interest only where the registry failed too.
    if (last === undefined || isMissing) return undefined;
    throw failures.length === 1 ? last.error : withMirrors(last.error, failures.slice(0, -1));
  };

  const passOver = (endpoint: Endpoint, error: SkiffError): void => {
    const isMissing = registryErrorOf(error)?.stage === 'answer' && registryErrorOf(error)?.temporary === false && error.code !== 'DIGEST_MISMATCH';
    if (!isMissing) dead.add(keyOf(endpoint));
    log.info(`mirror ${nameOf(endpoint.repository)}: ${error.message}`);
  };

  /** A mirror that breaks off in the middle of a blob is not asked for its rest. */
  const watched = async function* (endpoint: Endpoint, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (error) {
      if (error instanceof RegistryError) passOver(endpoint, error);
      throw error;
    }
  };

  /** The registry itself: for all that changes it, and for what only it knows. */
  const registry = (repository: Repository): Place => connections.place(registryEndpoint(options, repository));

  return {
    retryDelayMs: options.retryDelayMs,
    async fetchManifest(repository, reference) {
      const found = await fromAny(repository, isDigestReference(reference) ? 'digest' : 'tag', (place) => fetchManifest(place, reference));
      if (found === undefined) throw new SkiffError('MANIFEST_UNKNOWN', `${nameOf(repository)} is served by no endpoint`);
      source.set(nameOf(repository), keyOf(found.from));
      return found;
    },
    headManifest: (repository, reference) => fromAny(repository, isDigestReference(reference) ? 'digest' : 'tag', async (place) => {
      const found = await headManifest(place, reference);
      if (found !== null) return found;
      const { digest, mediaType, raw } = await fetchManifest(place, reference);
      return { digest, mediaType, sizeBytes: raw.length };
    }),
    async fetchBlob(repository, digest, offset = 0) {
      const found = await fromAny(repository, 'blob', (place) => fetchBlob(place, digest, offset));
      if (found === undefined) throw new SkiffError('BLOB_UNKNOWN', `${nameOf(repository)} is served by no endpoint`);
      return found.from.mirror ? { ...found, body: watched(found.from, found.body) } satisfies BlobStream : found;
    },
    statBlob: (repository, digest) => statBlob(registry(repository), digest),
    async mountBlob(repository, digest, from) {
      const [to, source_] = [registryEndpoint(options, repository), registryEndpoint(options, from)];
      if (to.repository.domain !== source_.repository.domain || to.repository.path === source_.repository.path) return false;
      return uploads.mount(connections.place(to), digest, source_.repository.path);
    },
    uploadBlob: (repository, blob, onBytes = () => undefined) => uploads.upload(registry(repository), blob, onBytes),
    putManifest: (repository, reference, raw, mediaType) => putManifest(registry(repository), reference, raw, mediaType),
    listTags: (repository) => listTags(registry(repository)),
    async login(domain, credential) {
      const endpoint = registryEndpoint(options, { domain, path: '' });
      const { transport } = connections.place({ ...endpoint, repository: { ...endpoint.repository, path: '' } }, { credential });
      await (await transport.send({ method: 'GET', target: '/v2/', scopes: [], expect: [200] })).discard();
    },
    close: () => connections.close(),
  };
}

export function registryEndpoint(options: ClientOptions, repository: Repository): Endpoint {
  const endpoint = options.endpoints(repository).findLast((one) => !one.mirror);
  if (endpoint === undefined) throw new SkiffError('REGISTRY_FAILED', `no endpoint for ${nameOf(repository)}`);
  return endpoint;
}

function withMirrors(error: SkiffError, mirrors: readonly { endpoint: Endpoint; error: SkiffError }[]): SkiffError {
  const told = mirrors.map((one) => `mirror ${nameOf(one.endpoint.repository)}: ${one.error.message}`).join('; ');
  return new SkiffError(error.code, `${error.message} (${told})`, { data: error.data, cause: error });
}

function nameOf({ domain, path }: Repository): string {
  return path === '' ? domain : `${domain}/${path}`;
}

function keyOf(endpoint: Endpoint): string {
  return nameOf(endpoint.repository);
}
