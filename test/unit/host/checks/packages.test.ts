import test from 'ava';
import { familyOf, installCommand, knownInstallCommand } from '../../../../src/host/checks/packages.ts';

const releases: readonly (readonly [string, string, string | undefined])[] = [
  ['Debian', 'ID=debian\nVERSION_ID="12"\n', 'apt'],
  ['Ubuntu', 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', 'apt'],
  ['a child of Ubuntu', 'ID=pop\nID_LIKE="ubuntu debian"\n', 'apt'],
  ['Rocky', 'ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'dnf'],
  ['openSUSE', 'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n', 'zypper'],
  ['Arch', 'ID=arch\n', 'pacman'],
  ['Alpine', 'ID=alpine\n', 'apk'],
  ['an unknown one', 'ID=nixos\n', undefined],
  ['nothing', '', undefined],
];
for (const [name, text, expected] of releases) {
  test(`familyOf() ${name}`, (t) => {
    t.is(familyOf(text), expected as never);
  });
}

test('installCommand() knows packages with other names than their programs', (t) => {
  t.is(installCommand('newuidmap', 'ID=debian\n'), 'sudo apt-get install uidmap');
  t.is(installCommand('xz', 'ID=debian\n'), 'sudo apt-get install xz-utils');
  t.is(installCommand('newuidmap', 'ID=fedora\n'), 'sudo dnf install shadow-utils');
  t.is(installCommand('pasta', 'ID=alpine\n'), 'sudo apk add passt');
  t.is(installCommand('crun', 'ID=arch\n'), 'sudo pacman -S crun');
  t.is(installCommand('newgidmap', 'ID=nixos\n'), 'install the package "uidmap"');
});

test('knownInstallCommand() makes up no package for a credential helper', (t) => {
  t.is(knownInstallCommand('docker-credential-pass', 'ID=debian\n'), 'sudo apt-get install golang-docker-credential-helpers');
  t.is(knownInstallCommand('docker-credential-secretservice', 'ID=ubuntu\n'), 'sudo apt-get install golang-docker-credential-helpers');
  for (const release of ['ID=debian\n', 'ID=fedora\n', '']) t.is(knownInstallCommand('docker-credential-nowhere', release), undefined, release);
  t.is(knownInstallCommand('docker-credential-pass', 'ID=fedora\n'), undefined);
  t.is(knownInstallCommand('crun', 'ID=fedora\n'), 'sudo dnf install crun');
});
