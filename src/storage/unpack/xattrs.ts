/**
 * Which extended attributes pass between an archive and the disk.
 *
 * The overlay's own attributes say what a folder hides and where a file really lies: an archive that could set them would
 * read and hide other layers. They are dropped on the way in and never written on the way out; what they mean crosses as
 * whiteouts. fuse-overlayfs has names of its own for the same.
 *
 * @see Documentation/filesystems/overlayfs.rst; capabilities(7) "File capability extended attribute versioning"
 */

const overlayNames = /^(?:trusted|user)\.(?:overlay|fuseoverlayfs|containers)\./;
const capability = 'security.capability';
/** What a user namespace's root can set: the rest would fail with EPERM, or (security.selinux) is the host's to decide. */
const passing = /^(?:user\.|security\.capability$|system\.posix_acl_(?:access|default)$)/;

export const opaqueXattr = 'user.overlay.opaque';
/** Written by a privileged overlay; read where a store was not made rootless. */
export const trustedOpaqueXattr = 'trusted.overlay.opaque';

/** Names are binary strings. 'hostile' and 'foreign' are not stored: the second is worth telling the user. */
export function judgeXattr(name: string): 'store' | 'hostile' | 'foreign' {
  if (name.includes('\0') || name === '') return 'hostile';
  if (overlayNames.test(name)) return 'hostile';
  return passing.test(name) ? 'store' : 'foreign';
}

const revisionMask = 0xff00_0000;
const revision2 = 0x0200_0000;
const revision3 = 0x0300_0000;

/**
 * A file capability as it is set. Revision 3 names the user namespace's root whom it counts for; where that is root as the
 * archive sees it, it says what revision 2 says, and the kernel turns that into a revision 3 for our own namespace.
 */
export function valueToStore(name: string, value: Buffer): Buffer {
  if (name !== capability || value.length !== 24) return value;
  const magic = value.readUInt32LE(0);
  if (((magic & revisionMask) >>> 0) !== revision3 || value.readUInt32LE(20) !== 0) return value;
  const plain = Buffer.from(value.subarray(0, 20));
  plain.writeUInt32LE(((magic & ~revisionMask) | revision2) >>> 0, 0);
  return plain;
}
