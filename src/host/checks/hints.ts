/** The remedy for an error that came without one: by its code and data, never by its text, and only where the evidence points to it. */
import { existsSync } from 'node:fs';
import { SkiffError } from '../../lib/errors.ts';
import { session } from '../session.ts';
import { sys } from '../sys.ts';
import { filesystemName } from './filesystems.ts';
import { knownInstallCommand } from './packages.ts';

/** undefined where nothing certain can be said. Never throws. */
export function hintFor(error: unknown): string | undefined {
  if (!(error instanceof SkiffError)) return undefined;
  if (error.hint !== undefined) return error.hint;
  const path = typeof error.data['path'] === 'string' ? error.data['path'] : undefined;
  switch (error.code) {
    case 'HELPER_MISSING': return typeof error.data['program'] === 'string' ? knownInstallCommand(error.data['program']) : undefined;
    case 'NO_SPACE': return `free some space${path === undefined ? '' : ` on the filesystem of ${path}`}: skiff rm and skiff rmi remove what is not needed`;
    case 'USERNS_FORBIDDEN': return refusalHint() ?? 'skiff doctor tells what is missing';
    case 'SUBID_MISSING': return singleIDHint() ?? 'skiff doctor tells which range is missing';
    case 'CGROUP_UNAVAILABLE': return 'skiff doctor tells which controllers are delegated';
    case 'NETWORK_FAILED': return networkHint(error.data);
    case 'PERMISSION': return path === undefined ? undefined : permissionHint(path);
    default: return undefined;
  }
}

/** Only where a network program itself has failed: a port that is taken is nothing that doctor finds. */
function networkHint(data: Readonly<Record<string, unknown>>): string | undefined {
  if (data['exitCode'] === undefined) return undefined;
  return existsSync('/dev/net/tun') ? 'skiff doctor tries the network programs one by one' : 'sudo modprobe tun';
}

function refusalHint(): string | undefined {
  const { userns } = session();
  return userns.kind === 'refused' && userns.hint !== '' ? userns.hint : undefined;
}

function singleIDHint(): string | undefined {
  const { userns } = session();
  return userns.kind === 'entered' ? userns.singleIDHint : undefined;
}

/** Network filesystems refuse what is owned by subordinate ids, with an errno that looks like a matter of modes. */
function permissionHint(path: string): string | undefined {
  if (path === '/dev/fuse' || path === '/dev/net/tun') return `sudo chmod 666 ${path}`;
  try {
    const name = filesystemName(sys().statfs(path).type);
    return name === 'NFS' || name === 'CIFS' || name === 'SMB' ? `${path} is on ${name}: choose a directory on a local disk` : undefined;
  } catch {
    return undefined; // a hint is a kindness: that it can't be found out is no second error
  }
}
