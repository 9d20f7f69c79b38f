/** What one command keeps of the registries it talks to: connections, tokens, and what each host turned out to be. */
import { SkiffError } from '../lib/errors.ts';
import type { Digest } from '../oci/ids.ts';
import { openHttp } from './http.ts';
import type { ClientOptions, Credential, Endpoint } from './index.ts';
import { openTokenStore } from './token.ts';
import { openHost, openTransport, type Host, type Transport } from './transport.ts';

/** One repository at one endpoint, ready to talk to. */
export interface Place {
  readonly endpoint: Endpoint;
  readonly transport: Transport;
  /** `/v2/name` */
  readonly base: string;
  readonly pull: string;
  readonly push: string;
}

export interface Connections {
  /** `credential`: instead of the stored one. `host`: instead of the registry's usual one. */
  place(endpoint: Endpoint, instead?: { credential?: Credential; host?: string }): Place;
  readonly attempts: number;
  close(): Promise<void>;
}

const defaultAttempts = 4;
const mirrorAttempts = 2;
const defaultIdleTimeoutMs = 60_000;
const hostPattern = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[A-Fa-f0-9:.]+\])(?::[0-9]{1,5})?$/;
const pathPattern = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;

export function openConnections(options: ClientOptions): Connections {
  const { signal, attempts = defaultAttempts, idleTimeoutMs = defaultIdleTimeoutMs } = options;
  const http = openHttp({ env: options.env, signal, idleTimeoutMs });
  const tokens = openTokenStore(http);
  const hosts = new Map<string, Host>();
  const hostOf = (domain: string, insecure: boolean, reach = hostToReach(domain)): Host => {
    const key = `${domain} ${reach} ${insecure}`;
    const host = hosts.get(key) ?? openHost(http, { host: reach, insecure, certs: options.certs(domain) });
    hosts.set(key, host);
    return host;
  };
  const places = new Map<string, Place>();
  return {
    attempts,
    place(endpoint, { credential, host } = {}) {
      const { repository: { domain, path }, mirror } = endpoint;
      const insecure = options.tlsVerify === undefined ? endpoint.insecure : !options.tlsVerify;
      const key = JSON.stringify([domain, path, insecure, mirror, host]);
      const known = credential === undefined ? places.get(key) : undefined;
      if (known !== undefined) return known;
      if (path !== '' && !pathPattern.test(path)) throw new SkiffError('REFERENCE_INVALID', `invalid repository name ${JSON.stringify(path.slice(0, 100))}`);
      const transport = openTransport({
        http, host: hostOf(domain, insecure, host), tokens, isMirror: mirror, attempts: mirror ? Math.min(mirrorAttempts, attempts) : attempts, retryDelayMs: options.retryDelayMs, signal, domain,
        credentialFrom: credential !== undefined ? 'login' : options.isGiven?.({ domain, path }) === true ? 'flag' : 'store',
        credential: credential === undefined ? () => options.credential({ domain, path }) : () => Promise.resolve(credential),
      });
      const place = { endpoint, transport, base: `/v2/${path}`, pull: `repository:${path}:pull`, push: `repository:${path}:pull,push` };
      if (credential === undefined) places.set(key, place);
      return place;
    },
    close: () => http.close(),
  };
}

/** Docker Hub's registry has another name than its images. Standard ports are left out, as URLs do. */
function hostToReach(domain: string): string {
  if (!hostPattern.test(domain) || !URL.canParse(`https://${domain}`)) throw new SkiffError('REFERENCE_INVALID', `invalid registry name ${JSON.stringify(domain.slice(0, 100))}`);
  return domain === 'docker.io' || domain === 'index.docker.io' ? 'registry-1.docker.io' : new URL(`https://${domain}`).host;
}

/** Digests are safe in a path by their grammar. */
export function blobPath(place: Place, digest: Digest): string {
  return `${place.base}/blobs/${digest}`;
}
