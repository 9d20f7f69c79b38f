/** What a failed repair means for an image: it is lost only where who could have it says that it does not. */
import type { ErrorCode } from '../../lib/errors.ts';
import { SkiffError, isCode } from '../../lib/errors.ts';
import type { ImageID } from '../../oci/ids.ts';
import type { Damage } from './find.ts';

/** Nobody has it, or what they have is something else. Anything else may go better another time. */
const lostCodes: readonly ErrorCode[] = ['NOT_FOUND', 'BLOB_UNKNOWN', 'NAME_UNKNOWN', 'MANIFEST_UNKNOWN', 'DIGEST_MISMATCH', 'ARCHIVE_INVALID', 'ARCHIVE_TRUNCATED', 'CONFIG_INVALID'];

export interface Verdict {
  readonly image: ImageID;
  readonly lost: boolean;
  /** Why what is not lost could not be repaired now. */
  readonly reasons: readonly SkiffError[];
}

/** One for each damaged image. `reasons`: by the id of what is damaged, why it was not repaired. */
export function verdicts(damage: readonly Damage[], reasons: ReadonlyMap<string, SkiffError>): Verdict[] {
  return [...new Set(damage.flatMap(({ images }) => images))].map((image) => {
    const own = damage.filter(({ images }) => images.includes(image)).map(({ id }) => reasons.get(id));
    return { image, lost: own.some((reason) => reason === undefined || isCode(reason, ...lostCodes)), reasons: own.filter((reason) => reason !== undefined) };
  });
}

/** What several places have said, as one: an answer that leaves hope counts more than one that does not. */
export function allFailed(failures: readonly { readonly place: string; readonly error: SkiffError }[]): SkiffError {
  const hopeful = failures.find(({ error }) => !isCode(error, ...lostCodes))?.error;
  return new SkiffError(hopeful?.code ?? 'NOT_FOUND', failures.map(({ place, error }) => `${place}: ${error.message}`).join('; '), { hint: hopeful?.hint });
}

/** What to do about damage that is still there. undefined where nothing certain can be said. */
export function remedyFor(images: readonly Verdict[]): string | undefined {
  if (images.some(({ lost }) => lost)) return 'pull or load the lost images again, or remove them: skiff system check --repair --force';
  const reasons = images.flatMap((image) => image.reasons);
  const refused = reasons.find((reason) => isCode(reason, 'REGISTRY_UNAUTHORIZED'));
  if (refused !== undefined) return refused.hint ?? 'skiff login, and then once more: skiff system check --repair';
  if (reasons.some((reason) => isCode(reason, 'IMAGE_IN_USE'))) return 'stop the containers that use it, and then once more: skiff system check --repair';
  return reasons.length > 0 ? 'once more, when the registry can be reached: skiff system check --repair' : undefined;
}
