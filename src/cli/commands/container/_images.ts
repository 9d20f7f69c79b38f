/** What container commands ask about images. */
import type { CreateInput } from '../../../container/create.ts';
import type { Context } from '../../../container/index.ts';
import { sweepRuns } from '../../../container/sweep.ts';
import { foreignPlatform } from '../../../image/foreign-platform.ts';
import { hostPlatform } from '../../../image/host-platform.ts';
import { lockImages } from '../../../image/lock.ts';
import { unknownImage } from '../../../image/match.ts';
import { findImage, resolveImage } from '../../../image/resolve.ts';
import type { ResolvedImage } from '../../../image/index.ts';
import { parseLocation } from '../../../image/transports.ts';
import { canonicalString } from '../../../oci/reference.ts';
import { config } from '../../../host/config/index.ts';
import { SkiffError, isCode } from '../../../lib/errors.ts';
import type { PullPolicy, PullResult } from '../../../image/pull.ts';
import { hasImage } from '../../../storage/imagedb.ts';
import { readPlatform } from '../../options/platform.ts';
import { warn } from '../../output.ts';
import type { OptionValues } from '../../spec.ts';

const pullPolicies: readonly PullPolicy[] = ['always', 'missing', 'newer', 'never'];

/** For `--filter ancestor=`: a name that nothing bears matches nothing. */
export function imageIDs(context: Context, reference: string): readonly string[] {
  try {
    const image = findImage(context.store, reference);
    return image === undefined ? [] : [image.id];
  } catch (error) {
    if (isCode(error, 'REFERENCE_INVALID')) return [];
    throw error;
  }
}

/** The image to make a container from, with the full name that listings show. */
export type HeldImage = CreateInput['image'];

/**
 * Pulled first as --pull has it, by default where it is missing, with progress on stderr. Found under images.lock, which is the caller's
 * until the container is recorded (createContainer gives it back): nobody removes the image meanwhile. Between a pull and the lock somebody
 * may: then it is pulled again. @throws IMAGE_UNKNOWN (policy never), IMAGE_AMBIGUOUS, and what a pull throws
 */
export async function imageForContainer(context: Context, text: string, options: OptionValues): Promise<HeldImage> {
  sweepRuns(context); // waits for locks of containers, which come before that of images
  const policy = (options['pull'] as PullPolicy | undefined) ?? configuredPolicy() ?? 'missing';
  const hasPlatform = ['platform', 'arch', 'os', 'variant'].some((name) => options[name] !== undefined);
  const isPlace = parseLocation(text) !== undefined;
  const mayBeHere = !isPlace && (policy === 'never' || (policy === 'missing' && !hasPlatform));
  const local = mayBeHere ? hold(context, () => findImage(context.store, text)) : undefined;
  if (local !== undefined) return tellForeign(local, options);
  for (let round = 1; ; round++) {
    const { id, name, notes } = await pulled(context, text, policy, options);
    // By the name that it got, so that listings show it.
    const image = hold(context, () => (hasImage(context.store, id) ? resolveImage(context.store, name === undefined ? id : canonicalString(name)) : undefined));
    if (image !== undefined) return tellForeign(image, options, notes);
    if (round === maxPulls) throw unknownImage(text);
  }
}

/** For who had to let go of the image: it is pulled again only where it went meanwhile. @throws as imageForContainer */
export async function holdAgain(context: Context, image: HeldImage, text: string, options: OptionValues): Promise<HeldImage> {
  const lock = lockImages(context.store, 'shared');
  if (hasImage(context.store, image.id)) return { ...image, hold: lock };
  lock.release();
  return imageForContainer(context, text, options);
}

/** Each time, another command has to remove the image in the moment between the end of its pull and the lock. */
const maxPulls = 5;

function hold(context: Context, find: () => ResolvedImage | undefined): HeldImage | undefined {
  const lock = lockImages(context.store, 'shared');
  let image: ResolvedImage | undefined;
  try {
    image = find();
  } finally {
    if (image === undefined) lock.release();
  }
  return image && { id: image.id, name: image.name === undefined ? undefined : canonicalString(image.name), config: image.config, hold: lock };
}

/** Warns of an image that is for another platform than was asked for, unless its pull has (`notes`). */
function tellForeign(image: HeldImage, options: OptionValues, notes: readonly string[] = []): HeldImage {
  const foreign = foreignPlatform(image.config, readPlatform(options) ?? hostPlatform());
  if (foreign !== undefined && !notes.includes(foreign)) warn(foreign);
  return image;
}

/** pull_policy of containers.conf(5). @throws CONFIG_INVALID */
function configuredPolicy(): PullPolicy | undefined {
  const { pullPolicy } = config();
  if (pullPolicy === undefined || pullPolicy === '') return undefined;
  const found = pullPolicies.find((policy) => policy === pullPolicy);
  if (found === undefined) throw new SkiffError('CONFIG_INVALID', `containers.conf: engine.pull_policy is ${JSON.stringify(pullPolicy)}: want ${pullPolicies.join(', ')}`);
  return found;
}

async function pulled(context: Context, text: string, policy: PullPolicy, options: OptionValues): Promise<PullResult> {
  const { pullAll } = await import('../../pull-images.ts');
  const [result] = await pullAll(context.store, [text], { policy, options });
  if (result === undefined) throw new SkiffError('INTERNAL', `pull ${JSON.stringify(text)}: nothing came`);
  return result;
}
