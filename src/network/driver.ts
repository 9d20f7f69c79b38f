/** Which driver serves a network. */
import { existsSync, writeFileSync } from 'node:fs';
import { assertNever, SkiffError } from '../lib/errors.ts';
import { join as joinPaths } from '../lib/paths.ts';
import { host } from './drivers/host.ts';
import { join } from './drivers/join.ts';
import { none } from './drivers/none.ts';
import { pasta } from './drivers/pasta.ts';
import { slirp4netns } from './drivers/slirp4netns.ts';
import type { NetworkDriver, NetworkPlan } from './index.ts';
import { findNetworkProgram } from './program.ts';

export function driverFor(kind: NetworkPlan['kind']): NetworkDriver {
  switch (kind) {
    case 'none':
      return none;
    case 'host':
      return host;
    case 'pasta':
      return pasta;
    case 'slirp4netns':
      return slirp4netns;
    case 'container':
    case 'path':
      return join;
    default:
      return assertNever(kind);
  }
}

/**
 * The plan that can be carried out here: slirp4netns instead of pasta where pasta is not installed and no option of it was asked for. `notice`
 * says so, the first time in a boot.
 * @throws HELPER_MISSING where neither is installed
 */
export function settlePlan(plan: NetworkPlan, find: (name: 'pasta' | 'slirp4netns') => string | undefined = findNetworkProgram): { plan: NetworkPlan; notice?: string } {
  if (plan.kind !== 'pasta' || plan.options.length > 0 || find('pasta') !== undefined) return { plan };
  if (find('slirp4netns') === undefined) {
    throw new SkiffError('HELPER_MISSING', 'neither pasta nor slirp4netns is installed: containers have no network', { hint: 'install the package passt, or use --network=host or --network=none' });
  }
  const settled: NetworkPlan = { ...plan, kind: 'slirp4netns' };
  const said = joinPaths(plan.runtimeDir, 'said-slirp4netns');
  if (existsSync(said)) return { plan: settled };
  writeFileSync(said, '');
  return { plan: settled, notice: 'pasta is not installed: using slirp4netns, which is slower and hides the host\'s addresses (install the package passt)' };
}

