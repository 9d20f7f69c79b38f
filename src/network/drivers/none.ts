/** A network namespace with loopback only, which the runtime makes. */
import { mainHostAddress } from '../host-interface.ts';
import type { NetworkDriver } from '../index.ts';

export const none: NetworkDriver = {
  validate: () => undefined,
  facts: () => {
    // It can't be reached from here; the name is known all the same, as in Podman, for programs that only look it up.
    const hostAddress = mainHostAddress();
    return { nameservers: [], dropLoopbackNameservers: true, addresses: [], resolvConf: false, ...(hostAddress !== undefined && { hostAddress }) };
  },
  setup: () => ({ ready: () => Promise.resolve(), abandon: () => undefined }),
  teardown: () => undefined,
};
