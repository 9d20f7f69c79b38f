/** The platform of this machine, as images name it. */
import { endianness } from 'node:os';
import type { Platform } from '../oci/platform.ts';
import { goArchitecture } from '../oci/platform.ts';

export function hostPlatform(): Platform {
  return { os: 'linux', architecture: goArchitecture(process.arch, endianness()), ...(process.arch === 'arm' && { variant: armVariant() }) };
}

/** Node knows the version of the instruction set that it was compiled for. */
function armVariant(): string {
  const { arm_version: version } = process.config.variables as { arm_version?: string };
  return `v${version ?? '7'}`;
}
