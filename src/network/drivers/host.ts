/** The host's network namespace. Published ports have no meaning in it: the caller drops them, as Podman does. */
import { mainHostAddress } from '../host-interface.ts';
import type { NetworkDriver } from '../index.ts';

export const host: NetworkDriver = {
  validate: () => undefined,
  facts: () => {
    const hostAddress = mainHostAddress() ?? '127.0.0.1';
    return { nameservers: [], dropLoopbackNameservers: false, hostAddress, addresses: [], resolvConf: true };
  },
  setup: () => ({ ready: () => Promise.resolve(), abandon: () => undefined }),
  teardown: () => undefined,
};
