/**
 * Changing the user's policy.json. Read, changed, checked and renamed under a lock; requirements that we don't touch stay as they were
 * written.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeFileAtomic } from '../../host/atomic-write.ts';
import { config } from '../../host/config/index.ts';
import { realPathIfThere } from '../../host/if-there.ts';
import { withLock } from '../../host/locks.ts';
import { makeFolders } from '../../host/make-folders.ts';
import { withUserUmask } from '../../host/umask.ts';
import { SkiffError, wrap } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import { canonicalString, parseReference } from '../../oci/reference.ts';
import { parsePolicy } from './policy.ts';
import { policyFile } from './require.ts';

export type SettableTrust = 'accept' | 'reject';

/** What is written where there is no policy yet: what applies without one. */
const acceptAll = '{"default": [{"type": "insecureAcceptAnything"}]}';

const requirements = { accept: [{ type: 'insecureAcceptAnything' }], reject: [{ type: 'reject' }] } as const;

/** True where `file` was made and begins with the rules of `from`, whose place it takes from now on. */
export interface TrustChange { readonly file: string; readonly from: string | undefined }

/**
 * Sets the trust in "default" or in a scope of docker: host[:port][/path][:tag|@digest], or *.domain. `file` is the one to write; where it is
 * missing it begins with the policy that applies now.
 * @throws REFERENCE_INVALID; CONFIG_INVALID where the policy is damaged (it is left as it is); what writing throws
 */
export async function setTrust(file: string, scope: string, trust: SettableTrust): Promise<TrustChange> {
  if (scope !== 'default') checkDockerScope(scope);
  return withLock(join(config().runtimeDir, 'auth.lock'), 'exclusive', () => {
    const from = existsSync(file) ? file : policyFile();
    const before = from === undefined ? Buffer.from(acceptAll) : readFileSync(from);
    const text = changePolicy(before, from ?? file, scope, trust);
    try {
      const target = realPathIfThere(file);
      withUserUmask(() => makeFolders(dirname(target)));
      writeFileAtomic(target, text, { mode: 0o644 });
    } catch (error) {
      throw wrap(error, 'write trust policy');
    }
    return { file, from: from === file ? undefined : from };
  });
}

/** The text of a policy with one rule set. Pure. @throws CONFIG_INVALID */
export function changePolicy(before: Uint8Array, file: string, scope: string, trust: SettableTrust): string {
  parsePolicy(before, file); // only what can be read whole is changed
  const policy = JSON.parse(Buffer.from(before).toString('utf8')) as { default: unknown; transports?: Record<string, Record<string, unknown>> };
  if (scope === 'default') policy.default = requirements[trust];
  else {
    policy.transports ??= {};
    policy.transports['docker'] = { ...policy.transports['docker'], [scope]: requirements[trust] };
  }
  return `${JSON.stringify(policy, undefined, 4)}\n`;
}

/** What can never match an image would be a rule in name only. */
function checkDockerScope(scope: string): void {
  const wanted = 'want "default", HOST[:PORT][/PATH][:TAG], or *.DOMAIN';
  const bare = scope.startsWith('*.') ? scope.slice(2) : scope;
  try {
    if (scope.startsWith('*.') ? !/[/:@*]/.test(bare) && isHost(bare) : isHost(bare) || isExpanded(bare)) return;
  } catch (cause) {
    throw new SkiffError('REFERENCE_INVALID', `trust scope ${JSON.stringify(scope)}: ${wanted}`, { cause });
  }
  throw new SkiffError('REFERENCE_INVALID', `trust scope ${JSON.stringify(scope)}: ${wanted}`, {
    hint: /^[a-z0-9._/-]+$/.test(scope) ? `for images of Docker Hub: docker.io/${scope.includes('/') ? '' : 'library/'}${scope}` : undefined,
  });
}

function isHost(text: string): boolean {
  return !text.includes('/') && parseReference(`${text}/x`).domain === text;
}

/** A name with its registry, as policies want it: not "busybox", which stands for docker.io/library/busybox. */
function isExpanded(text: string): boolean {
  const reference = parseReference(text);
  return reference.domain !== undefined && canonicalString({ ...reference, domain: reference.domain }) === text;
}
