/** Kinds of filesystems, and why a store should not be on some of them. */
import { ok, type Verdict, warn } from './index.ts';

/** Magic numbers of statfs(2): name, and why a store should not be there. @see linux/magic.h, statfs(2) */
const filesystems = new Map<number, { name: string; trouble?: string }>([
  [0xef53, { name: 'ext4' }],
  [0x58465342, { name: 'xfs' }],
  [0x9123683e, { name: 'btrfs' }],
  [0xf2f52010, { name: 'f2fs' }],
  [0xca451a4e, { name: 'bcachefs' }],
  [0x2fc12fc1, { name: 'zfs' }],
  [0x01021994, { name: 'tmpfs', trouble: 'it is lost at the next boot' }],
  [0x794c7630, { name: 'overlay', trouble: 'an overlay on an overlay needs fuse-overlayfs' }],
  [0x6969, { name: 'NFS', trouble: 'the server does not know subordinate ids' }],
  [0xff534d42, { name: 'CIFS', trouble: 'the server does not know subordinate ids' }],
  [0xfe534d42, { name: 'SMB', trouble: 'the server does not know subordinate ids' }],
  [0x5346414f, { name: 'AFS', trouble: 'the server does not know subordinate ids' }],
  [0x0bd00bd0, { name: 'Lustre', trouble: 'the server does not know subordinate ids' }],
  [0x47504653, { name: 'GPFS', trouble: 'the server does not know subordinate ids' }],
  [0x00c36400, { name: 'Ceph', trouble: 'the server does not know subordinate ids' }],
  [0x01021997, { name: '9p', trouble: 'the host of this virtual machine does not know subordinate ids' }],
  [0x786f4256, { name: 'vboxsf', trouble: 'it keeps no owners' }],
  [0x4d44, { name: 'FAT', trouble: 'it keeps no owners' }],
  [0x2011bab0, { name: 'exFAT', trouble: 'it keeps no owners' }],
  [0x5346544e, { name: 'NTFS', trouble: 'it keeps no owners' }],
  [0xf15f, { name: 'eCryptfs', trouble: 'it can carry no overlay' }],
  [0x65735546, { name: 'FUSE', trouble: 'it depends on the program behind it whether owners and attributes are kept' }],
]);

/** "ext4", "NFS"; undefined for one that we know nothing of. */
export function filesystemName(magic: number): string | undefined {
  return filesystems.get(magic >>> 0)?.name;
}

export function filesystemVerdict(magic: number, path: string): Verdict {
  const known = filesystems.get(magic >>> 0);
  if (known === undefined) return ok(`${path}: type 0x${(magic >>> 0).toString(16)}`);
  if (known.trouble === undefined) return ok(`${path}: ${known.name}`);
  return warn(`${path}: ${known.name}, ${known.trouble}`, 'choose a directory on a local disk: export SKIFF_ROOT=DIR, or --root DIR');
}
