/** The network namespace of another container, or one that somebody else has made and named by its path. */
import { existsSync } from 'node:fs';
import { SkiffError } from '../../lib/errors.ts';
import type { NetworkDriver, NetworkPlan } from '../index.ts';

function joinPath(plan: NetworkPlan): string {
  if (plan.joinPath === undefined) throw new SkiffError('INTERNAL', `network "${plan.kind}": no path of the namespace`);
  return plan.joinPath;
}

export const join: NetworkDriver = {
  validate(plan) {
    if (plan.ports.length > 0) {
      throw new SkiffError('USAGE', 'ports can\'t be published on a network namespace that exists already', { hint: 'publish them on the container that owns it' });
    }
    const path = joinPath(plan);
    if (!existsSync(path)) throw new SkiffError('NETWORK_FAILED', `network namespace ${JSON.stringify(path)}: no such file`);
  },
  // The other container's files are shown to this one (container/), so nothing is added here.
  facts: () => ({ nameservers: [], dropLoopbackNameservers: true, addresses: [], resolvConf: true }),
  setup: (plan) => ({ netnsPath: joinPath(plan), ready: () => Promise.resolve(), abandon: () => undefined }),
  teardown: () => undefined,
};
