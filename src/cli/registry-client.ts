/** The registries, for one command: a client at the first question, stopped by ctrl-c, closed at its end. */
import type { RegistryClient } from '../registry/index.ts';
import type { Remote } from '../image/lists/remote.ts';
import { registryAccess } from '../image/pull/access.ts';
import { writeStderr } from '../lib/log.ts';
import { interruptible } from './interrupt.ts';
import { readRegistryFlags, readRetry } from './options/registry.ts';
import type { OptionValues } from './spec.ts';

/**
 * Runs `work`; `remote` reaches registries with what the command's flags say. Nothing is loaded where nobody asks. `credsFor`: the one registry that
 * --creds are for, where others may be asked beside it.
 * @throws INTERRUPTED, and what work throws
 */
export async function withRegistries<T>(options: OptionValues, work: (remote: Remote, signal: AbortSignal) => Promise<T>, credsFor?: string): Promise<T> {
  return interruptible(async (signal) => {
    const flags = options['insecure'] === true ? { ...options, 'tls-verify': false } : options;
    const access = registryAccess(async () => ({ ...await readRegistryFlags(flags), credsFor }), signal, readRetry(options));
    try {
      return await work({ client: async () => (await access.open()).client, resolve: (reference) => access.resolve(reference), notice: (text) => writeStderr(`${text}\n`) }, signal);
    } finally {
      await access.close();
    }
  });
}

/** The same for who needs the client alone. */
export async function withClient<T>(options: OptionValues, work: (client: () => Promise<RegistryClient>) => Promise<T>): Promise<T> {
  return withRegistries(options, (remote) => work(remote.client));
}
