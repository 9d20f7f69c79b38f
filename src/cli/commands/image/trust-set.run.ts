import { resolve } from 'node:path';
import { setTrust } from '../../../image/trust/edit.ts';
import { userPolicyFile } from '../../../image/trust/require.ts';
import { SkiffError } from '../../../lib/errors.ts';
import { warn } from '../../output.ts';
import type { Invocation } from '../../spec.ts';

export async function run({ args, options }: Invocation): Promise<void> {
  const type = options['type'] as string | undefined;
  if (type !== 'accept' && type !== 'reject') {
    // A rule that is written and then refuses everything is no help to anybody.
    throw new SkiffError('UNSUPPORTED', `trust type ${type ?? 'signedBy (the default)'}: signatures are not yet verified by skiff`, { hint: 'use --type accept or --type reject' });
  }
  const path = options['policypath'] as string | undefined;
  const { file, from } = await setTrust(path === undefined ? userPolicyFile() : resolve(path), args[0] ?? '', type);
  if (from !== undefined) warn(`${file} takes the place of ${from}, with whose rules it begins`);
}
