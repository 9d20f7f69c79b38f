/** Which image of a list is the one for a platform. Pure. */
import type { Platform } from '../../oci/platform.ts';
import { choosePlatform, normalizePlatform } from '../../oci/platform.ts';
import type { ListMember, ListPlatform } from './model.ts';

/** undefined where none fits; members without a platform never do. */
export function chooseMember(members: readonly ListMember[], wanted: Platform): ListMember | undefined {
  return choosePlatform(members.map((member) => ({ member, ...(member.platform !== undefined && { platform: normalizedOf(member.platform) }) })), wanted)?.member;
}

function normalizedOf({ os, architecture, variant }: ListPlatform): Platform {
  return normalizePlatform({ os, architecture, ...(variant !== undefined && { variant }) });
}
