/** What `pull`, and `run` and `create` of an image that is missing, have in common. */
import { pullImage } from '../image/pull.ts';
import type { PullPolicy, PullResult } from '../image/pull.ts';
import { registryAccess } from '../image/pull/access.ts';
import { SkiffError } from '../lib/errors.ts';
import type { Store } from '../storage/index.ts';
import { interruptible } from './interrupt.ts';
import { readPlatform } from './options/platform.ts';
import { readRegistryFlags, readRetry } from './options/registry.ts';
import { pullProgress } from './progress/index.ts';
import { told } from './report.ts';
import type { OptionValues } from './spec.ts';

export interface PullWish {
  readonly policy: PullPolicy;
  readonly options: OptionValues;
  readonly allTags?: boolean;
  /** After each name. */
  readonly onPulled?: (results: readonly PullResult[]) => void;
  /** After a name that failed; without it the failure is thrown. */
  readonly onFailed?: (error: unknown) => Promise<void>;
}

/** One after the other, with progress on stderr and what is to be known of the images. Stops at ctrl-c. @throws as pullImage, INTERRUPTED */
export async function pullAll(store: Store, texts: readonly string[], { policy, options, allTags = false, onPulled, onFailed }: PullWish): Promise<PullResult[]> {
  return interruptible(async (signal) => {
    const progress = pullProgress(options['progress'] as string | undefined, options['quiet'] === true);
    const access = registryAccess(() => readRegistryFlags(options), signal, readRetry(options));
    const all: PullResult[] = [];
    try {
      for (const text of texts) {
        try {
          const results = await pullImage(store, text, {
            policy, allTags, access, signal, onEvent: progress.onEvent, platform: readPlatform(options), signaturePolicy: options['signature-policy'] as string | undefined,
          });
          progress.end();
          for (const note of new Set(results.flatMap(({ notes }) => notes))) progress.note(note);
          all.push(...results);
          onPulled?.(results);
        } catch (error) {
          progress.end();
          signal.throwIfAborted();
          const failure = error instanceof SkiffError && progress.failed(error.message) ? told(error) : error;
          if (onFailed === undefined) throw failure;
          await onFailed(failure);
        }
      }
      return all;
    } finally {
      await access.close();
    }
  });
}
