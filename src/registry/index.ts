/**
 * registry [3]: the distribution client. Finds out where a repository is (registries.conf: mirrors, locations, blocked), proves who
 * we are (auth.json, credential helpers, tokens), and moves manifests and blobs. Knows nothing of the store, of layers' contents,
 * of flags or of progress bars: it hands bytes to whoever asks, checked against the digest that was asked for.
 *
 *   registries-conf.ts                    which files of registries.conf there are; registries-conf-parse.ts: what stands in them
 *   endpoints.ts, short-names.ts          where and under what name, by those (pure)
 *   auth/                                 auth.json, credential helpers, what `login` writes
 *   certs.ts                              certs.d folders; system-roots.ts: whom the machine trusts
 *   client-options.ts                     all of that for one command, from its flags: where every verb starts
 *   http.ts, send.ts, proxy.ts, proxied.ts, socks.ts   one exchange: connection, TLS, proxy, redirects that carry no secret elsewhere
 *   transport.ts, challenge.ts, token.ts  an exchange with one registry: what it asks for, what we show; retry.ts: when to try again
 *   connections.ts                        what one command keeps of all of them
 *   client.ts                             RegistryClient: endpoints in their order; manifests.ts, blobs.ts, uploads.ts, listing.ts do it
 *   search.ts                             search and catalogue
 *   errors.ts, redact.ts                  failures with their structure, and nothing secret in them
 *
 * A secret is given to the host that it was stored for and to the token server which that host named over the same or a better
 * connection, and to nobody else: a redirect, a foreign URL or a mirror gets its own or none.
 *
 * This file holds the shared types.
 *
 * @see distribution-spec spec.md; docs.docker.com token authentication; containers-registries.conf(5); containers-auth.json(5)
 */
import type { Digest } from '../oci/ids.ts';

/** Where images of one name live: "docker.io" and "library/nginx". */
export interface Repository {
  /** As in references: host[:port]. */
  readonly domain: string;
  readonly path: string;
}

export type Credential =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** An identity token: exchanged at the token server by grant_type=refresh_token. */
  | { readonly kind: 'identity'; readonly token: string };

/** The certificates of one registry, as file contents; undefined members: what the system has. */
export interface RegistryCerts { readonly ca?: readonly Buffer[]; readonly cert?: Buffer; readonly key?: Buffer }

/** One place where a repository may be fetched from, in the order to try. */
export interface Endpoint {
  /** Host[:port] to talk to and the repository's path there: what a `location` or a mirror made of the name. */
  readonly repository: Repository;
  /** Plain HTTP, and TLS that can't be verified, are accepted. */
  readonly insecure: boolean;
  /** registries.conf pull-from-mirror: what this mirror serves. The registry itself: 'all'. */
  readonly serves: 'all' | 'digest-only' | 'tag-only';
  readonly mirror: boolean;
}

/** What a client needs to know of this machine and user. Plain functions, so that each can be a table in a test. */
export interface ClientOptions {
  /** Mirrors first, the registry itself last. @throws UNSUPPORTED for a blocked registry */
  readonly endpoints: (repository: Repository) => readonly Endpoint[];
  /** Undefined: anonymous. Asked again for each endpoint's repository (auth.json may name namespaces). */
  readonly credential: (repository: Repository) => Promise<Credential | undefined>;
  /** Whether the command's own flags gave that credential, so that a refusal is not about a stored one. */
  readonly isGiven?: (repository: Repository) => boolean;
  readonly certs: (domain: string) => RegistryCerts;
  /** --tls-verify: overrides `insecure` of every endpoint. */
  readonly tlsVerify: boolean | undefined;
  /** The environment's proxy settings (HTTP_PROXY …). */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Attempts of one request after a temporary failure, the first included. Default 4. */
  readonly attempts?: number;
  /** The wait before another attempt. Default: one that doubles. */
  readonly retryDelayMs?: number | undefined;
  /** An exchange without a byte for so long has failed, temporarily; once its body has begun, after 30 s at most. Default 60 s. */
  readonly idleTimeoutMs?: number;
  /** Stops everything under way. */
  readonly signal?: AbortSignal;
}

export interface FetchedManifest {
  /** The exact bytes; at most maxManifestBytes of oci/manifest.ts. */
  readonly raw: Buffer;
  /** sha256 of raw, checked against what was asked for where that was a digest. */
  readonly digest: Digest;
  /** Content-Type of the answer. */
  readonly mediaType: string | undefined;
  /** Which place answered, for the log. */
  readonly from: Endpoint;
}

/** A blob on its way. Not checked: the caller hashes what it stores. A cut body throws RegistryError with temporary set. */
export interface BlobStream {
  /** Offset of the first byte that comes: the one asked for, or 0 where the registry knows no ranges. */
  readonly offset: number;
  /** Of the whole blob, where the registry says so. */
  readonly totalBytes: number | undefined;
  /** To be iterated, if only to be left: it holds a connection until then. */
  readonly body: AsyncIterable<Uint8Array>;
  readonly from: Endpoint;
}

/** What is uploaded: may be opened again for another attempt. Where `digest` is given, a wrong body is refused before it is stored. */
export interface BlobSource {
  readonly open: () => AsyncIterable<Uint8Array>;
  readonly digest?: Digest;
  readonly sizeBytes?: number;
}

/** A repository that a search has found. Names and texts are one line each, without control characters. */
export interface SearchResult {
  /** Without the registry: "library/nginx" or, on Docker Hub, "nginx". */
  readonly name: string;
  /** Empty where the registry has only a catalogue. */
  readonly description: string;
  readonly stars: number;
  readonly official: boolean;
  readonly automated: boolean;
}

/**
 * One client serves one command: it keeps connections, tokens and what it learnt of each registry (TLS, challenge, dead mirrors).
 * Everything throws RegistryError (code REGISTRY_FAILED, REGISTRY_UNAUTHORIZED, MANIFEST_UNKNOWN …); what is temporary was retried.
 */
export interface RegistryClient {
  /** As in its options, for who repeats more than a request. */
  readonly retryDelayMs?: number | undefined;
  /** By tag or digest. @throws MANIFEST_UNKNOWN, DIGEST_MISMATCH, MANIFEST_INVALID (too large) */
  fetchManifest(repository: Repository, reference: string): Promise<FetchedManifest>;
  /** The digest without the body (HEAD, or GET where a registry has no HEAD or gives no digest); undefined: not there. */
  headManifest(repository: Repository, reference: string): Promise<{ digest: Digest; mediaType: string | undefined; sizeBytes: number | undefined } | undefined>;
  /** Opens a blob, from `offset` on where the registry can. Tries the mirrors in turn; one open body, no retry inside it. */
  fetchBlob(repository: Repository, digest: Digest, offset?: number): Promise<BlobStream>;
  /** Size of a blob that the registry itself (no mirror) has; undefined where it has not, or doesn't say. */
  statBlob(repository: Repository, digest: Digest): Promise<number | undefined>;
  /** Cross-repository mount within one registry. False: not mounted, upload it. */
  mountBlob(repository: Repository, digest: Digest, from: Repository): Promise<boolean>;
  /**
   * Streams a blob in one PATCH (or chunks where the registry wants them) and closes it with its digest. Returns digest and size of what was sent. `onBytes` hears
   * what each piece adds; where the upload starts again, one negative count takes back what was told before.
   */
  uploadBlob(repository: Repository, source: BlobSource, onBytes?: (count: number) => void): Promise<{ digest: Digest; sizeBytes: number }>;
  /** Returns the digest that the registry confirms, checked against the bytes'. */
  putManifest(repository: Repository, reference: string, raw: Uint8Array, mediaType: string): Promise<Digest>;
  /** All tags, sorted by the registry, its pages followed. */
  listTags(repository: Repository): Promise<string[]>;
  /** Proves a credential, as `login` does: resolves where the registry takes it, or asks for none. @throws REGISTRY_UNAUTHORIZED */
  login(domain: string, credential: Credential): Promise<void>;
  close(): Promise<void>;
}
