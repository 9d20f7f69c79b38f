/** A network namespace with loopback only, which the runtime makes. */
import type { NetworkDriver } from '../index.ts';

export const none: NetworkDriver = {
  validate: () => undefined,
  facts: () => ({ nameservers: [], dropLoopbackNameservers: true, addresses: [], resolvConf: false }),
  setup: () => ({ ready: () => Promise.resolve(), abandon: () => undefined }),
  teardown: () => undefined,
};
