/**
 * The identifiers of the field as distinct types, each made only by its parser: mixing them up does not compile,
 * and no unparsed text from outside ever becomes a path or a URL.
 *
 * @see image-spec descriptor.md "Digests"; image-spec config.md "Layer DiffID", "Layer ChainID", "ImageID"
 */
import { SkiffError } from '../lib/errors.ts';
import { sha256Hex } from '../lib/sha256.ts';

declare const brand: unique symbol;
type Brand<T, B extends string> = T & { readonly [brand]: B };

/** `sha256:<64 lower-case hex>`: of bytes as transferred (a compressed layer, a manifest). sha512 is accepted on reading manifests. */
export type Digest = Brand<string, 'Digest'>;
/** `sha256:<hex>` of a layer's uncompressed tar. */
export type DiffID = Brand<string, 'DiffID'>;
/** `sha256:<hex>` that names a stack of layers. */
export type ChainID = Brand<string, 'ChainID'>;
/** `sha256:<hex>` of the image's config bytes. */
export type ImageID = Brand<string, 'ImageID'>;
/** 64 hex: the folder of a layer under overlay2/. Random; unrelated to content. */
export type CacheID = Brand<string, 'CacheID'>;
/** 64 hex: a container. */
export type ContainerID = Brand<string, 'ContainerID'>;

const sha256Pattern = /^sha256:[0-9a-f]{64}$/;
const digestPattern = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
const hex64Pattern = /^[0-9a-f]{64}$/;

/** @throws DIGEST_INVALID */
export function parseDigest(text: unknown): Digest {
  if (typeof text !== 'string' || !digestPattern.test(text)) throw invalid('digest', text);
  return text as Digest;
}
/** @throws DIGEST_INVALID */
export function parseDiffID(text: unknown): DiffID {
  if (typeof text !== 'string' || !sha256Pattern.test(text)) throw invalid('diffID', text);
  return text as DiffID;
}
/** @throws DIGEST_INVALID */
export function parseChainID(text: unknown): ChainID {
  if (typeof text !== 'string' || !sha256Pattern.test(text)) throw invalid('chainID', text);
  return text as ChainID;
}
/** @throws DIGEST_INVALID */
export function parseImageID(text: unknown): ImageID {
  if (typeof text !== 'string' || !sha256Pattern.test(text)) throw invalid('image ID', text);
  return text as ImageID;
}
/** @throws DIGEST_INVALID */
export function parseCacheID(text: unknown): CacheID {
  if (typeof text !== 'string' || !hex64Pattern.test(text)) throw invalid('cache-id', text);
  return text as CacheID;
}
/** @throws DIGEST_INVALID */
export function parseContainerID(text: unknown): ContainerID {
  if (typeof text !== 'string' || !hex64Pattern.test(text)) throw invalid('container ID', text);
  return text as ContainerID;
}

function invalid(what: string, text: unknown): SkiffError {
  const shown = typeof text === 'string' ? JSON.stringify(text.slice(0, 100)) : typeof text;
  return new SkiffError('DIGEST_INVALID', `invalid ${what} ${shown}`);
}

/** The hex part of an identifier that has an algorithm in front. */
export function hexOf(id: Digest | DiffID | ChainID | ImageID): string {
  return id.slice(id.indexOf(':') + 1);
}

/** `sha256:<hex>` of bytes, as the kind of identifier that the caller knows it to be. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${sha256Hex(bytes)}` as Digest;
}

/** chainID(L0)=diffID(L0), chainID(n)=sha256(chainID(n-1) + " " + diffID(n)). All of them, base layer first. */
export function chainIDs(diffIDs: readonly DiffID[]): ChainID[] {
  const chain: ChainID[] = [];
  for (const diffID of diffIDs) {
    const below = chain.at(-1);
    chain.push((below === undefined ? diffID : digestOf(`${below} ${diffID}`)) as string as ChainID);
  }
  return chain;
}
