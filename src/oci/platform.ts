/**
 * Platforms, in Go's words (GOOS, GOARCH), and the choice of one manifest among those of an index.
 *
 * @see image-spec image-index.md "Platform Variants"; containerd platforms (normalisation of arm variants)
 */
import { SkiffError } from '../lib/errors.ts';
import type { FieldReader } from './json.ts';

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
}

const architectureAliases: Readonly<Record<string, readonly [string, string?]>> = {
  'x86_64': ['amd64'], 'x86-64': ['amd64'], 'x64': ['amd64'], 'i386': ['386'], 'i686': ['386'], 'ia32': ['386'],
  'aarch64': ['arm64'], 'armhf': ['arm', 'v7'], 'armel': ['arm', 'v6'], 'ppc64el': ['ppc64le'], 'mipsel': ['mipsle'], 'mips64el': ['mips64le'],
};
const wordPattern = /^[a-z0-9][a-z0-9_.-]{0,63}$/;

/** Lower case, Go's names, and no variant where it is the architecture's only common one (arm64/v8, amd64/v1). */
export function normalizePlatform(platform: Platform): Platform {
  const [architecture, impliedVariant] = architectureAliases[platform.architecture.toLowerCase()] ?? [platform.architecture.toLowerCase()];
  const written = platform.variant?.toLowerCase() ?? impliedVariant;
  const prefixed = written !== undefined && /^[0-9]/.test(written) ? `v${written}` : written;
  const variant = (architecture === 'arm64' && prefixed === 'v8') || (architecture === 'amd64' && prefixed === 'v1') ? undefined : prefixed;
  return {
    os: platform.os.toLowerCase() === 'macos' ? 'darwin' : platform.os.toLowerCase(), architecture,
    ...(variant !== undefined && variant !== '' && { variant }), ...(platform.osVersion !== undefined && { osVersion: platform.osVersion }),
  };
}

/** Go's name of an architecture, from Node's (`process.arch`) or the kernel's (`uname -m`). */
export function goArchitecture(name: string, endianness: 'LE' | 'BE' = 'LE'): string {
  if (endianness === 'LE' && (name === 'ppc64' || name === 'mips' || name === 'mips64')) return name === 'ppc64' ? 'ppc64le' : `${name}le`;
  return normalizePlatform({ os: 'linux', architecture: name }).architecture;
}

/** What Go knows. @see containerd platforms/database.go */
const systems = new Set('aix android darwin dragonfly freebsd hurd illumos ios js linux macos nacl netbsd openbsd plan9 solaris windows zos'.split(' '));
const architectures = new Set('386 amd64 amd64p32 arm armbe arm64 arm64be ppc64 ppc64le loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc riscv riscv64 s390 s390x sparc sparc64 wasm'.split(' '));

/**
 * `os/arch[/variant]`, or one of the two alone, with `host` for the other. @throws USAGE
 * @see containerd platforms.Parse
 */
export function parsePlatform(text: string, host: Platform): Platform {
  const parts = text.split('/');
  if (parts.length === 1 && systems.has(text.toLowerCase())) return normalizePlatform({ ...host, os: text });
  if (parts.length === 1 && text !== '' && !architectures.has(normalizePlatform({ os: '', architecture: text }).architecture)) {
    throw new SkiffError('USAGE', `invalid platform ${JSON.stringify(text.slice(0, 100))}: unknown operating system or architecture`);
  }
  const [os, architecture, variant] = parts.length === 1 ? [host.os, parts[0]] : parts;
  if (parts.length > 3 || os === undefined || architecture === undefined || [os, architecture, ...(variant === undefined ? [] : [variant])].some((word) => !wordPattern.test(word.toLowerCase()))) {
    throw new SkiffError('USAGE', `invalid platform ${JSON.stringify(text.slice(0, 100))}: want os/arch[/variant]`);
  }
  return normalizePlatform({ os, architecture, ...(variant !== undefined && { variant }) });
}

/** Reads the `platform` field of a descriptor. */
export function platformOf(from: FieldReader): Platform {
  const variant = from.optionalString('variant');
  const osVersion = from.optionalString('os.version');
  return normalizePlatform({
    os: from.optionalString('os') ?? '', architecture: from.optionalString('architecture') ?? '',
    ...(variant !== undefined && { variant }), ...(osVersion !== undefined && { osVersion }),
  });
}

/** For messages: words of an image that are no names are quoted, lest they read like words of ours. */
export function platformString(platform: Platform): string {
  return [platform.os, platform.architecture, ...(platform.variant === undefined ? [] : [platform.variant])]
    .map((word) => (word === '' || wordPattern.test(word) ? word : JSON.stringify(word.slice(0, 64)))).join('/');
}

/**
 * The best of `offers` for `wanted`: the same os and architecture, then the same variant, else the highest arm variant
 * that is not above the wanted one. Offers without a platform never match. Undefined where none fits.
 */
export function choosePlatform<T extends { readonly platform?: Platform }>(offers: readonly T[], wanted: Platform): T | undefined {
  const fitting = offers.filter(({ platform }) => platform?.os === wanted.os && platform.architecture === wanted.architecture);
  const rank = (variant: string | undefined): number => Number(/^v([0-9]+)$/.exec(variant ?? '')?.[1] ?? 0);
  const exact = fitting.find(({ platform }) => platform?.variant === wanted.variant);
  if (exact !== undefined) return exact;
  const limit = wanted.variant === undefined ? (wanted.architecture === 'arm' ? 7 : 0) : rank(wanted.variant);
  const below = fitting.filter(({ platform }) => rank(platform?.variant) <= limit);
  return below.reduce<T | undefined>((best, offer) => (best === undefined || rank(offer.platform?.variant) > rank(best.platform?.variant) ? offer : best), undefined);
}
