import test from 'ava';
import { checkPlatform, readPlatform } from '../../../../src/cli/options/platform.ts';

test('readPlatform() puts the flags together', (t) => {
  t.is(readPlatform({}), undefined);
  t.deepEqual(readPlatform({ platform: 'linux/arm64/v8' }), { os: 'linux', architecture: 'arm64' });
  t.deepEqual(readPlatform({ platform: 'arm/v7', variant: undefined }), { os: 'arm', architecture: 'v7' });
  t.deepEqual(readPlatform({ arch: 'arm', variant: 'v6' }), { os: 'linux', architecture: 'arm', variant: 'v6' });
  t.deepEqual(readPlatform({ arch: 'x86_64' }), { os: 'linux', architecture: 'amd64' });
  t.is(readPlatform({ os: 'windows' })?.os, 'windows');
  t.throws(() => readPlatform({ platform: 'a/b/c/d' }), { message: /os\/arch/ });
});

test('checkPlatform() refuses --platform beside --arch or --os', (t) => {
  t.throws(() => checkPlatform({ platform: 'linux/arm64', arch: 'arm' }, []), { message: /--platform option can not be specified/ });
  t.notThrows(() => checkPlatform({ arch: 'arm', os: 'linux' }, []));
});
