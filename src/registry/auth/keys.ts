/** The keys under which files and helpers may have a credential. Pure. */
import type { Repository } from '../index.ts';

/** The key that `docker login` has always used for Docker Hub. */
export const dockerHubKey = 'https://index.docker.io/v1/';
const dockerHubHosts: ReadonlySet<string> = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/** host/a/b/c, host/a/b, host/a, host: the most specific first. @see containers-auth.json(5) */
export function lookupKeys({ domain, path }: Repository): string[] {
  const parts = path === '' ? [] : path.split('/');
  return [...parts.map((_, index) => [domain, ...parts.slice(0, parts.length - index)].join('/')), domain];
}

/** All names of Docker Hub are one. */
export function normalHost(domain: string): string {
  return dockerHubHosts.has(domain) ? 'docker.io' : domain;
}

/** The host of a key that is a URL, or bare with an API's path: "https://example.com/v1/" -> "example.com". A namespace is no host. */
export function hostOfKey(key: string, legacy: boolean): string | undefined {
  // What Docker's web login keeps beside the credential: tokens for Docker's own services.
  if (/\/(?:access|refresh)-token$/.test(key)) return undefined;
  const url = /^https?:\/\/([^/]+)/i.exec(key)?.[1];
  if (url !== undefined) return normalHost(url);
  if (!key.includes('/')) return normalHost(key);
  return legacy || /^[^/]+\/v[12]\/?$/.test(key) ? normalHost(key.slice(0, key.indexOf('/'))) : undefined;
}

/** What helpers call the registry: Docker Hub has a URL there, others are asked by host. */
export function helperServers(domain: string): string[] {
  return normalHost(domain) === 'docker.io' ? [dockerHubKey, 'docker.io'] : [domain];
}
