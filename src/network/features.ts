/**
 * What the installed pasta can do. Its versions are dates without an order that distributions keep, so its options are looked for in the
 * program itself, once for each: the answer is kept in the runtime dir beside the program's path, time and size.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from '../lib/paths.ts';
import { writeFileAtomic } from '../host/atomic-write.ts';
import { knownOptions } from '../host/program-options.ts';

export interface PastaFeatures {
  /** --map-guest-addr (August 2024): an address that means the host, without opening its loopback. */
  mapGuestAddress: boolean;
  /** --dns-forward (2022). */
  dnsForward: boolean;
}

interface Remembered { binary: string; features: PastaFeatures }

export function pastaFeatures(program: string, runtimeDir: string): PastaFeatures {
  const { mtimeMs, size, ino } = statSync(program);
  const binary = `${program} ${mtimeMs} ${size} ${ino}`;
  const file = join(runtimeDir, 'pasta.json');
  const remembered = readRemembered(file);
  if (remembered?.binary === binary) return remembered.features;
  const known = knownOptions(program, ['map-guest-addr', 'dns-forward']);
  const features = { mapGuestAddress: known.has('map-guest-addr'), dnsForward: known.has('dns-forward') };
  writeFileAtomic(file, JSON.stringify({ binary, features } satisfies Remembered), { sync: false });
  return features;
}

/** Anything unreadable counts as nothing remembered: it is looked at again. */
function readRemembered(file: string): Remembered | undefined {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<Remembered> | null;
    const features = value?.features;
    if (typeof value?.binary !== 'string' || typeof features?.mapGuestAddress !== 'boolean' || typeof features.dnsForward !== 'boolean') return undefined;
    return { binary: value.binary, features };
  } catch {
    return undefined;
  }
}
