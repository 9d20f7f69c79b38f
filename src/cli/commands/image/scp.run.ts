import { SkiffError } from '../../../lib/errors.ts';

/** Podman copies by its service on the other machine; there is no service here, and a pipe does the same. */
export function run(): never {
  throw new SkiffError('UNSUPPORTED', 'image scp: skiff has no service on other machines that could take the image', { hint: 'skiff save IMAGE | ssh HOST skiff load' });
}
