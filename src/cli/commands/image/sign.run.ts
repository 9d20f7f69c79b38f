import { SkiffError } from '../../../lib/errors.ts';

export function run(): never {
  throw new SkiffError('UNSUPPORTED', 'image sign: signatures are not made yet: nothing would be signed', { hint: 'skopeo standalone-sign signs what is in a registry' });
}
