import test from 'ava';
import { parseLocation } from '../../../src/image/transports.ts';
import { isCode } from '../../../src/lib/errors.ts';

test('parseLocation() tells places from names', (t) => {
  for (const name of ['busybox', 'busybox:1', 'localhost:5000/a/b:1', 'docker:latest', 'r.io/oci', 'a@sha256:00']) t.is(parseLocation(name), undefined, name);
  t.deepEqual(parseLocation('docker://r.io/a:1'), { transport: 'docker', reference: 'r.io/a:1' });
  t.deepEqual(parseLocation('oci:/srv/x'), { transport: 'oci', path: '/srv/x', name: undefined });
  t.deepEqual(parseLocation('oci-archive:x.tar:some/name:1'), { transport: 'oci-archive', path: 'x.tar', name: 'some/name:1' });
  t.deepEqual(parseLocation('docker-archive:x.tar:a:1'), { transport: 'docker-archive', path: 'x.tar', name: 'a:1' });
  t.deepEqual(parseLocation('dir:/a:b'), { transport: 'dir', path: '/a:b' });
  t.deepEqual(parseLocation('docker-daemon:a:1'), { transport: 'docker-daemon', reference: 'a:1' });
});

test('parseLocation() refuses empty places, NUL and transports that are none of ours', (t) => {
  for (const text of ['docker://', 'oci:', 'oci::x', 'oci:x:', 'dir:', 'dir:a\0b', 'docker-daemon:']) t.true(isCode(t.throws(() => parseLocation(text)), 'REFERENCE_INVALID'), text);
  for (const text of ['containers-storage:x', 'ostree:x']) t.true(isCode(t.throws(() => parseLocation(text)), 'UNSUPPORTED'), text);
});
