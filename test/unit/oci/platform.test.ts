import test from 'ava';
import { choosePlatform, goArchitecture, normalizePlatform, parsePlatform, platformString } from '../../../src/oci/platform.ts';

const host = { os: 'linux', architecture: 'amd64' };

test('parsePlatform() takes an operating system or an architecture alone, as containerd', (t) => {
  const parsed = (text: string): string => platformString(parsePlatform(text, { os: 'linux', architecture: 'arm', variant: 'v6' }));
  t.is(parsed('linux'), 'linux/arm/v6');
  t.is(parsed('FreeBSD'), 'freebsd/arm/v6');
  t.is(parsed('arm64'), 'linux/arm64');
  t.is(parsed('x86_64'), 'linux/amd64');
  t.is(parsed('arm'), 'linux/arm', 'what the machine is says nothing of what is asked for');
  t.throws(() => parsed('vax'), { message: /invalid platform "vax": unknown operating system or architecture/ });
});

test('parsePlatform() reads os/arch/variant and normalises names', (t) => {
  t.is(platformString(parsePlatform('linux/x86_64', host)), 'linux/amd64');
  t.is(platformString(parsePlatform('linux/aarch64/v8', host)), 'linux/arm64');
  t.is(platformString(parsePlatform('linux/arm/7', host)), 'linux/arm/v7');
  t.is(platformString(parsePlatform('armhf', host)), 'linux/arm/v7');
  for (const bad of ['', 'a/b/c/d', 'linux/', '/amd64', 'linux/am d64', 'linux/../x']) t.throws(() => parsePlatform(bad, host), { message: /platform/ });
});

test('platformString() quotes what is no name: an image may call its architecture anything', (t) => {
  t.is(platformString({ os: 'linux', architecture: 'amd64\nhint: run this' }), 'linux/"amd64\\nhint: run this"');
  t.is(platformString({ os: '', architecture: 'x'.repeat(1000) }), `/"${'x'.repeat(64)}"`);
});

test('goArchitecture() knows the names of Node', (t) => {
  t.deepEqual(['x64', 'arm64', 'ia32', 'ppc64', 's390x', 'riscv64'].map((name) => goArchitecture(name)), ['amd64', 'arm64', '386', 'ppc64le', 's390x', 'riscv64']);
});

test('choosePlatform() prefers the exact variant, then the highest below, and never one above', (t) => {
  const offer = (variant?: string): { platform: ReturnType<typeof normalizePlatform> } => ({ platform: normalizePlatform({ os: 'linux', architecture: 'arm', ...(variant !== undefined && { variant }) }) });
  const offers = [offer('v5'), offer('v7'), offer('v6')];
  t.is(choosePlatform(offers, parsePlatform('linux/arm/v6', host)), offers[2]);
  t.is(choosePlatform(offers, parsePlatform('linux/arm', host)), offers[1]);
  t.is(choosePlatform([offers[0], offers[1]].filter((one) => one !== undefined), parsePlatform('linux/arm/v6', host)), offers[0]);
  t.is(choosePlatform(offers, parsePlatform('linux/amd64', host)), undefined);
  t.is(choosePlatform([{}], parsePlatform('linux/amd64', host)), undefined, 'an offer without platform never matches');
});
