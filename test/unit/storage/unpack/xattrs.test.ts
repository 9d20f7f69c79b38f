import test from 'ava';
import { judgeXattr, valueToStore } from '../../../../src/storage/unpack/xattrs.ts';

test('judgeXattr() lets pass what a user namespace can keep, and refuses the overlay\'s own', (t) => {
  for (const name of ['user.x', 'user.overlayish', 'security.capability', 'system.posix_acl_access']) t.is(judgeXattr(name), 'store', name);
  for (const name of ['trusted.overlay.opaque', 'user.overlay.opaque', 'user.overlay.overlay.x', 'user.fuseoverlayfs.opaque', 'user.containers.override_stat', 'user.x\0y', '']) t.is(judgeXattr(name), 'hostile', name);
  for (const name of ['trusted.x', 'security.selinux', 'security.ima', 'system.nfs4_acl', 'security.capabilityx']) t.is(judgeXattr(name), 'foreign', name);
});

test('valueToStore() makes revision 2 of a file capability of revision 3 that counts for root', (t) => {
  const revision3 = Buffer.from('010000030004000000000000000000000000000000000000', 'hex');
  t.is(valueToStore('security.capability', revision3).toString('hex'), '0100000200040000000000000000000000000000');
  const foreign = Buffer.from(revision3);
  foreign.writeUInt32LE(1000, 20);
  t.is(valueToStore('security.capability', foreign), foreign, 'for another root it stays what it is');
  const revision2 = Buffer.from('0100000200040000000000000000000000000000', 'hex');
  t.is(valueToStore('security.capability', revision2), revision2);
  t.is(valueToStore('user.x', revision3), revision3);
});
