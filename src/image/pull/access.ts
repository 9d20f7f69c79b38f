/**
 * The registries, as one command reaches them: configuration and client opened at the first question, because most pulls of a
 * script find the image in the store. After a failure, which stops all that a client has under way, the next question opens
 * another.
 */
import type { Reference } from '../../oci/reference.ts';
import type { RegistryFlags } from '../../registry/client-options.ts';
import type { ClientOptions, RegistryClient } from '../../registry/index.ts';
import type { Resolution } from '../../registry/short-names.ts';

export interface OpenClient {
  readonly client: RegistryClient;
  readonly signal: AbortSignal;
  /** Stops everything that the client has under way. */
  readonly abort: (reason: unknown) => void;
}

export interface RegistryAccess {
  /** @throws CONFIG_INVALID, IMAGE_AMBIGUOUS, REFERENCE_INVALID */
  resolve(reference: Reference): Promise<Resolution>;
  open(): Promise<OpenClient>;
  close(): Promise<void>;
}

/** `retry`: as in the client's options. */
export function registryAccess(flags: () => Promise<RegistryFlags>, signal: AbortSignal, retry: Pick<ClientOptions, 'attempts' | 'retryDelayMs'> = {}): RegistryAccess {
  let opened: OpenClient | undefined;
  const close = async (): Promise<void> => {
    const last = opened;
    opened = undefined;
    await last?.client.close();
  };
  return {
    close,
    async resolve(reference) {
      const [{ registriesConf, registryTables }, { resolveShortName }] = await Promise.all([import('../../registry/registries-conf.ts'), import('../../registry/short-names.ts')]);
      return resolveShortName(await (reference.domain === undefined ? registriesConf() : registryTables()), reference);
    },
    async open() {
      signal.throwIfAborted();
      if (opened?.signal.aborted === true) await close();
      if (opened !== undefined) return opened;
      const [{ clientOptions }, { openRegistry }] = await Promise.all([import('../../registry/client-options.ts'), import('../../registry/client.ts')]);
      const stop = new AbortController();
      const either = AbortSignal.any([signal, stop.signal]);
      const client = openRegistry({ ...await clientOptions({ ...await flags(), signal: either }), ...retry });
      return (opened = { client, signal: either, abort: (reason) => stop.abort(reason) });
    },
  };
}
