/** Options that choose an image among those of one name: of pull, run and create. */
import type { Platform } from '../../oci/platform.ts';
import { parsePlatform } from '../../oci/platform.ts';
import { hostPlatform } from '../../image/host-platform.ts';
import { SkiffError } from '../../lib/errors.ts';
import type { Check, OptionSpec, OptionValues } from '../spec.ts';
import { isGiven } from './checks.ts';

export const platformOptions: readonly OptionSpec[] = [
  { name: 'platform', kind: 'string', value: 'OS/ARCH[/VARIANT]', help: 'Platform of the image, or one of OS and ARCH alone, instead of this machine\'s' },
  { name: 'arch', kind: 'string', value: 'ARCH', help: 'Architecture of the image, instead of this machine\'s' },
  { name: 'os', kind: 'string', value: 'OS', help: 'Operating system of the image, instead of linux' },
  { name: 'variant', kind: 'string', value: 'VARIANT', help: 'Variant of the architecture: v6, v7, v8 of arm' },
];

export const checkPlatform: Check = (options) => {
  if (isGiven(options, 'platform') && (isGiven(options, 'arch') || isGiven(options, 'os'))) throw new SkiffError('USAGE', '--platform option can not be specified with --arch or --os');
};

/** What they say; undefined where nothing is said. @throws USAGE */
export function readPlatform(options: OptionValues): Platform | undefined {
  const [platform, arch, os, variant] = ['platform', 'arch', 'os', 'variant'].map((name) => (options[name] as string | undefined) ?? '');
  if (!platform && !arch && !os && !variant) return undefined;
  const host = hostPlatform();
  const named = parsePlatform(platform || `${os || host.os}/${arch || host.architecture}`, host);
  return variant ? parsePlatform([named.os, named.architecture, variant].join('/'), host) : named;
}
