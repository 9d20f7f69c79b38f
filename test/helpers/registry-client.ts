/** The distribution client in a test's own process, with plain tables for what it asks of the machine. */
import { readFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { openRegistry } from '../../src/registry/client.ts';
import type { ClientOptions, Credential, RegistryClient, Repository } from '../../src/registry/index.ts';
import type { TestRegistry } from './registry.ts';

/** Closed at the test's end. Registries may be without TLS unless said otherwise; nobody is logged in. */
export function testClient(t: ExecutionContext, options: Partial<ClientOptions> = {}): RegistryClient {
  const made = openRegistry(clientOptions(options));
  t.teardown(() => made.close());
  return made;
}

export function clientOptions(options: Partial<ClientOptions> = {}): ClientOptions {
  return {
    endpoints: (repository) => [{ repository, insecure: true, serves: 'all', mirror: false }],
    credential: () => Promise.resolve(undefined), certs: () => ({}), tlsVerify: undefined, env: {}, ...options,
  };
}

export function at(registry: { domain: string }, path = 'some/name'): Repository {
  return { domain: registry.domain, path };
}

export function basic(username: string, password: string): () => Promise<Credential> {
  return () => Promise.resolve({ kind: 'basic', username, password });
}

export function certsOf(registry: TestRegistry, withClient = false): ClientOptions['certs'] {
  const { files } = registry;
  if (files === undefined) return () => ({});
  return () => ({ ca: [readFileSync(files.ca)], ...(withClient && { cert: readFileSync(files.clientCert), key: readFileSync(files.clientKey) }) });
}

export async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}
