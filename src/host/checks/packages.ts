/** Which package of which distribution has a program, and the command that installs it. */
import { readFileSync } from 'node:fs';

/** Families by their package command. */
export type Family = 'apt' | 'dnf' | 'zypper' | 'pacman' | 'apk';

const commands: Readonly<Record<Family, string>> = {
  apt: 'sudo apt-get install', dnf: 'sudo dnf install', zypper: 'sudo zypper install', pacman: 'sudo pacman -S', apk: 'sudo apk add',
};

/** Programs whose package has another name; the rest are packaged under their own. */
const packages: Readonly<Record<string, string | Partial<Record<Family, string>>>> = {
  newuidmap: { apt: 'uidmap', dnf: 'shadow-utils', zypper: 'shadow', pacman: 'shadow', apk: 'shadow-uidmap' },
  newgidmap: { apt: 'uidmap', dnf: 'shadow-utils', zypper: 'shadow', pacman: 'shadow', apk: 'shadow-uidmap' },
  pasta: 'passt',
  'docker-credential-secretservice': { apt: 'golang-docker-credential-helpers' },
  'docker-credential-pass': { apt: 'golang-docker-credential-helpers' },
  xz: { apt: 'xz-utils', dnf: 'xz', zypper: 'xz', pacman: 'xz', apk: 'xz' },
  cc: { apt: 'gcc', dnf: 'gcc', zypper: 'gcc', pacman: 'gcc', apk: 'gcc' },
};

const families: readonly (readonly [string, Family])[] = [
  ['debian', 'apt'], ['ubuntu', 'apt'], ['fedora', 'dnf'], ['rhel', 'dnf'], ['centos', 'dnf'], ['suse', 'zypper'], ['opensuse', 'zypper'],
  ['arch', 'pacman'], ['alpine', 'apk'],
];

/** The family that os-release(5) text tells by ID, then ID_LIKE. */
export function familyOf(osRelease: string): Family | undefined {
  const field = (name: string): string[] => (new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(osRelease)?.[1] ?? '').split(' ');
  for (const id of [...field('ID'), ...field('ID_LIKE')]) {
    const family = families.find(([prefix]) => id === prefix || id.startsWith(`${prefix}-`));
    if (family !== undefined) return family[1];
  }
  return undefined;
}

/**
 * The same for a program that others may have named: undefined where no package is known to have it. Of Docker's credential helpers few are packaged.
 */
export function knownInstallCommand(program: string, osRelease: string = readOsRelease()): string | undefined {
  if (!program.startsWith('docker-credential-')) return installCommand(program, osRelease);
  const known = packages[program];
  const family = familyOf(osRelease);
  return typeof known === 'object' && family !== undefined && known[family] !== undefined ? installCommand(program, osRelease) : undefined;
}

/** "sudo apt-get install uidmap" on this machine; where the distribution is unknown, words that name the package. */
export function installCommand(program: string, osRelease: string = readOsRelease()): string {
  const family = familyOf(osRelease);
  const known = packages[program];
  const name = typeof known === 'string' ? known : (family === undefined ? known?.apt : known?.[family]) ?? program;
  return family === undefined ? `install the package "${name}"` : `${commands[family]} ${name}`;
}

export function readOsRelease(): string {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      continue; // the second place is the fallback that os-release(5) names; without both the distribution is unknown
    }
  }
  return '';
}
