/** A policy as rows for people, in Podman's words. Pure. @see podman-image-trust(1) */
import type { Policy, Requirement } from './policy.ts';

export interface TrustRow {
  /** "all" for the default, "repository" for docker, else the transport. */
  readonly transport: string;
  /** "* (default)" or the scope. */
  readonly name: string;
  /** "default" or the scope. */
  readonly repoName: string;
  readonly type: string;
}

const types: Readonly<Record<Requirement['type'], string>> = {
  insecureAcceptAnything: 'accept', reject: 'reject', signedBy: 'signed', sigstoreSigned: 'sigstoreSigned', signedBaseLayer: 'signedBaseLayer',
};

/** The default first, then the scopes of docker, then those of the others; a row for each requirement. */
export function trustRows(policy: Policy): TrustRow[] {
  const rows: TrustRow[] = policy.default.map(({ type }) => ({ transport: 'all', name: '* (default)', repoName: 'default', type: types[type] }));
  const byName = (a: readonly [string, unknown], b: readonly [string, unknown]): number => (a[0] < b[0] ? -1 : 1);
  const transports = [...policy.transports].toSorted((a, b) => Number(b[0] === 'docker') - Number(a[0] === 'docker') || byName(a, b));
  for (const [transport, scopes] of transports) {
    for (const [scope, requirements] of [...scopes].toSorted(byName)) {
      for (const { type } of requirements) {
        rows.push({ transport: transport === 'docker' ? 'repository' : transport, name: scope, repoName: scope, type: types[type] });
      }
    }
  }
  return rows;
}
