/** What may be said of a member of a list. */
import type { MemberChange } from '../../../image/lists/model.ts';
import type { OptionSpec, OptionValues } from '../../spec.ts';
import { parseAnnotations } from './_store.ts';

export const annotationOption: OptionSpec = { name: 'annotation', kind: 'list', value: 'KEY=VALUE', help: 'Annotate the image', complete: { kind: 'key=value' } };

export const memberOptions: readonly OptionSpec[] = [
  annotationOption,
  { name: 'arch', kind: 'string', value: 'ARCH', help: 'The image is for this architecture, whatever it says itself' },
  { name: 'features', kind: 'list', commas: true, value: 'FEATURE', help: 'The image needs these features of the processor' },
  { name: 'os', kind: 'string', value: 'OS', help: 'The image is for this operating system' },
  { name: 'os-features', kind: 'list', commas: true, value: 'FEATURE', help: 'The image needs these features of the operating system' },
  { name: 'os-version', kind: 'string', value: 'VERSION', help: 'The image is for this version of the operating system' },
  { name: 'variant', kind: 'string', value: 'VARIANT', help: 'The image is for this variant of the architecture' },
];

export function readMemberOptions(options: OptionValues): MemberChange {
  return {
    architecture: options['arch'] as string | undefined, os: options['os'] as string | undefined, osVersion: options['os-version'] as string | undefined,
    osFeatures: options['os-features'] as readonly string[] | undefined, variant: options['variant'] as string | undefined,
    features: options['features'] as readonly string[] | undefined, annotations: parseAnnotations(options['annotation'] as readonly string[] | undefined),
  };
}
