import type { PullPolicy } from '../../../image/pull.ts';
import { hexOf } from '../../../oci/ids.ts';
import { printLine } from '../../output.ts';
import { pullAll } from '../../pull-images.ts';
import { reportFailure } from '../../report.ts';
import type { Invocation } from '../../spec.ts';
import { imageStore } from './_store.ts';

/** One name after the other; those behind one that fails are pulled all the same, as Podman does it. */
export async function run({ options, args }: Invocation): Promise<number> {
  let exitCode = 0;
  await pullAll(imageStore(), args, {
    policy: (options['policy'] as PullPolicy | undefined) ?? 'always', options, allTags: options['all-tags'] === true,
    onPulled: (results) => { for (const { id } of results) printLine(hexOf(id)); },
    onFailed: async (error) => { exitCode = await reportFailure(error); },
  });
  return exitCode;
}
