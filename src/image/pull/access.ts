/**
 * The registries, as one command reaches them: configuration and client opened at the first question, because most pulls of a
 * script find the image in the store. After a failure, which stops all that a client has under way, the next question opens
 * another.
 */
import type { Reference } from '../../oci/reference.ts';
import type { RegistryFlags } from '../../registry/client-options.ts';
import type { RegistryClient } from '../../registry/index.ts';
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

/** `attempts`: of one request, the first included. */
export function registryAccess(flags: () => Promise<RegistryFlags>, signal: AbortSignal, attempts?: number): RegistryAccess {
  let opened: OpenClient | undefined;
  const close = async (): Promise<void> => {
    const last = opened;
    opened = undefined;
    await last?.client.close();
  };
  return {
    close,
    async resolve(reference) {
      const [{ registriesConf }, { resolveShortName }] = await Promise.all([import('../../registry/registries-conf.ts'), import('../../registry/short-names.ts')]);
      return resolveShortName(await registriesConf(), reference);
    },
    async open() {
      signal.throwIfAborted();
      if (opened?.signal.aborted === true) await close();
      if (opened !== undefined) return opened;
      const [{ clientOptions }, { openRegistry }] = await Promise.all([import('../../registry/client-options.ts'), import('../../registry/client.ts')]);
      const stop = new AbortController();
      const either = AbortSignal.any([signal, stop.signal]);
      const client = openRegistry({ ...await clientOptions({ ...await flags(), signal: either }), ...(attempts !== undefined && { attempts }) });
      return (opened = { client, signal: either, abort: (reason) => stop.abort(reason) });
    },
  };
}
