/** What container commands ask about images. */
import type { Context } from '../../../container/index.ts';
import { foreignPlatform } from '../../../image/foreign-platform.ts';
import { hostPlatform } from '../../../image/host-platform.ts';
import { findImage, resolveImage } from '../../../image/resolve.ts';
import type { ResolvedImage } from '../../../image/index.ts';
import { parseLocation } from '../../../image/transports.ts';
import { canonicalString } from '../../../oci/reference.ts';
import { config } from '../../../host/config/index.ts';
import { SkiffError, isCode } from '../../../lib/errors.ts';
import type { PullPolicy } from '../../../image/pull.ts';
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

/**
 * The image to make a container from, with the full name that listings show. Pulled first as --pull has it, by default where it is
 * missing, with progress on stderr. @throws IMAGE_UNKNOWN (policy never), IMAGE_AMBIGUOUS, and what a pull throws
 */
export async function imageForContainer(context: Context, text: string, options: OptionValues): Promise<{ id: ResolvedImage['id']; name: string | undefined; config: ResolvedImage['config'] }> {
  const policy = (options['pull'] as PullPolicy | undefined) ?? configuredPolicy() ?? 'missing';
  const hasPlatform = ['platform', 'arch', 'os', 'variant'].some((name) => options[name] !== undefined);
  const isPlace = parseLocation(text) !== undefined;
  const local = isPlace ? undefined : policy === 'never' || (policy === 'missing' && !hasPlatform) ? findImage(context.store, text) : undefined;
  const { image, notes } = local === undefined ? await pulled(context, text, policy, options) : { image: local, notes: [] };
  const foreign = foreignPlatform(image.config, readPlatform(options) ?? hostPlatform());
  if (foreign !== undefined && !notes.includes(foreign)) warn(foreign);
  return { id: image.id, name: image.name === undefined ? undefined : canonicalString(image.name), config: image.config };
}

/** pull_policy of containers.conf(5). @throws CONFIG_INVALID */
function configuredPolicy(): PullPolicy | undefined {
  const { pullPolicy } = config();
  if (pullPolicy === undefined || pullPolicy === '') return undefined;
  const found = pullPolicies.find((policy) => policy === pullPolicy);
  if (found === undefined) throw new SkiffError('CONFIG_INVALID', `containers.conf: engine.pull_policy is ${JSON.stringify(pullPolicy)}: want ${pullPolicies.join(', ')}`);
  return found;
}

/** The image by the name that it got, so that listings show it; `notes` have been told. */
async function pulled(context: Context, text: string, policy: PullPolicy, options: OptionValues): Promise<{ image: ResolvedImage; notes: readonly string[] }> {
  const { pullAll } = await import('../../pull-images.ts');
  const [result] = await pullAll(context.store, [text], { policy, options });
  if (result === undefined) throw new SkiffError('INTERNAL', `pull ${JSON.stringify(text)}: nothing came`);
  return { image: resolveImage(context.store, result.name === undefined ? result.id : canonicalString(result.name)), notes: result.notes };
}
