/**
 * The real registry: Debian's docker-registry, unpacked (installing it would start a service) into a cache folder that is kept
 * between runs, and started on a free port of loopback for one test. `missing('docker-registry')` of requires.ts asks here.
 *
 *   const registry = await startRegistry(t, { auth: true, tls: true });
 *   await pushImage(registry, 'some/name', 'latest', madeImage([makeLayer({ 'a.txt': 'a' })]));
 *   world.ok('pull', `${registry.domain}/some/name`)
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { testCertificates } from './certificates.ts';
import { within } from './deadline.ts';
import { sha256 } from './make-archive.ts';
import type { MadeImage } from './make-image.ts';
import { request } from './test-request.ts';

const cache = `/var/tmp/skiff-test-registry-${process.getuid?.() ?? 0}`;

/** Path of the unpacked program, fetched on first use; `missing` tells why it can't be had. */
export function registryProgram(): { path: string } | { missing: string } {
  const path = join(cache, 'tree/usr/bin/docker-registry');
  if (existsSync(path)) return { path };
  if (spawnSync('sh', ['-c', 'command -v apt-get && command -v dpkg']).status !== 0) return { missing: 'not a Debian machine' };
  const staging = join(cache, `staging-${process.pid}`);
  mkdirSync(staging, { recursive: true });
  try {
    const fetched = spawnSync('apt-get', ['download', 'docker-registry'], { cwd: staging, encoding: 'utf8' });
    if (fetched.status !== 0) return { missing: `apt-get download: ${fetched.stderr}` };
    const file = readdirSync(staging).find((name) => name.endsWith('.deb')) ?? '';
    const unpacked = spawnSync('dpkg', ['-x', file, 'tree'], { cwd: staging, encoding: 'utf8' });
    if (unpacked.status !== 0) return { missing: `dpkg -x ${file}: ${unpacked.stderr}` };
    // Another test process may have been quicker: its tree is as good.
    if (!existsSync(path)) renameSync(join(staging, 'tree'), join(cache, 'tree'));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return { path };
}

/** The one user of a registry with `auth`. */
export const testUser = 'tester';
export const testPassword = 'secret-password';
// bcrypt of the password above: docker-registry takes no other kind, and Debian's htpasswd is not on every machine.
const htpasswd = `${testUser}:$2y$05$abcdefghijklmnopqrstuu8jXihDn6YyI16dkpSl33R.slyuyqYCi\n`;

export interface RegistryOptions {
  /** HTTPS with a certificate that only `caFile` vouches for; 'client' also asks for a client's certificate. */
  tls?: boolean | 'client';
  /** Basic authentication for everything. */
  auth?: boolean;
  /** A pull-through cache of this registry's URL. */
  proxyOf?: string;
  /** Uses this folder and leaves it there, so that a registry can be started again on it. */
  storage?: string;
  /** A fixed port, to come back on the same one. */
  port?: number;
}

export interface TestRegistry {
  readonly port: number;
  /** `localhost:PORT`, as in references. */
  readonly domain: string;
  readonly url: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** PEM files, where TLS is on: what belongs into certs.d/DOMAIN/. */
  readonly files: { readonly ca: string; readonly clientCert: string; readonly clientKey: string } | undefined;
  /** The storage folder: docker/registry/v2/… */
  readonly storage: string;
  /** Everything it has logged, requests included. */
  log(): string;
  stop(): Promise<void>;
}

/** Starts one and waits until it listens; stopped and removed at the test's end. */
export async function startRegistry(t: Pick<ExecutionContext, 'teardown'>, options: RegistryOptions = {}): Promise<TestRegistry> {
  const program = registryProgram();
  if ('missing' in program) throw new Error(`docker-registry: ${program.missing}`);
  const dir = mkdtempSync(join(tmpdir(), 'skiff-registry-'));
  const storage = options.storage ?? join(dir, 'data');
  const tls = options.tls === undefined || options.tls === false ? undefined : testCertificates();
  const files = { ca: join(dir, 'ca.crt'), cert: join(dir, 'server.crt'), key: join(dir, 'server.key'), clientCert: join(dir, 'client.cert'), clientKey: join(dir, 'client.key') };
  if (tls !== undefined) for (const [name, path] of Object.entries(files)) writeFileSync(path, tls[name as keyof typeof tls], { mode: 0o600 });
  writeFileSync(join(dir, 'htpasswd'), htpasswd, { mode: 0o600 });
  writeFileSync(join(dir, 'config.yml'), JSON.stringify({
    version: '0.1', log: { level: 'info', accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    http: {
      addr: `127.0.0.1:${options.port ?? 0}`, secret: 'of the test',
      ...(tls !== undefined && { tls: { certificate: files.cert, key: files.key, ...(options.tls === 'client' && { clientcas: [files.ca] }) } }),
    },
    ...(options.auth === true && { auth: { htpasswd: { realm: 'test', path: join(dir, 'htpasswd') } } }),
    ...(options.proxyOf !== undefined && { proxy: { remoteurl: options.proxyOf } }),
  }));
  // Into a file, not a pipe: a test that blocks would let the pipe run full, and the registry wait.
  const logFile = join(dir, 'log');
  const output = openSync(logFile, 'a');
  const child = spawn(program.path, ['serve', join(dir, 'config.yml')], { stdio: ['ignore', output, output], env: { PATH: '/usr/bin:/bin', OTEL_TRACES_EXPORTER: 'none' } });
  closeSync(output);
  const log = (): string => readFileSync(logFile, 'utf8');
  const over = new Promise<void>((resolve) => { child.on('close', () => { resolve(); }); });
  const listening = new Promise<number>((resolve, reject) => {
    const look = (): void => {
      const found = /listening on 127\.0\.0\.1:(\d+)/.exec(log());
      if (found === null) return;
      watcher.close();
      resolve(Number(found[1]));
    };
    const watcher = watch(logFile, look);
    child.on('error', reject);
    child.on('close', (code) => {
      watcher.close();
      reject(new Error(`docker-registry ended with ${code}: ${log()}`));
    });
    look();
  });
  const port = await within(listening, () => `docker-registry does not listen: ${log()}`);
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await over;
  };
  t.teardown(async () => {
    await stop();
    rmSync(dir, { recursive: true, force: true });
  });
  return {
    port, domain: `localhost:${port}`, url: `${tls === undefined ? 'http' : 'https'}://localhost:${port}`,
    user: options.auth === true ? testUser : undefined, password: options.auth === true ? testPassword : undefined,
    files: tls === undefined ? undefined : files, storage, log, stop,
  };
}

/** What pushImage needs to know of a registry: the real one and the fault registry both fit. */
export type PushTarget = Pick<TestRegistry, 'url' | 'user' | 'password' | 'files'>;

/** Uploads an image by plain requests (no code of ours), under a tag; undefined: by digest alone. */
export async function pushImage(registry: PushTarget, repository: string, tag: string | undefined, image: MadeImage): Promise<void> {
  for (const child of image.children) await pushImage(registry, repository, undefined, child);
  for (const bytes of image.blobs) await pushBlob(registry, repository, bytes);
  await pushManifest(registry, repository, tag ?? image.digest, image.raw, image.mediaType);
}

export async function pushBlob(registry: PushTarget, repository: string, bytes: Buffer): Promise<void> {
  const opened = await request(registry, 'POST', `/v2/${repository}/blobs/uploads/`);
  if (opened.status !== 202) throw new Error(`POST blobs/uploads: ${opened.status} ${opened.body.toString()}`);
  const url = new URL(String(opened.headers.location), registry.url);
  url.searchParams.set('digest', `sha256:${sha256(bytes)}`);
  const closed = await request(registry, 'PUT', url.pathname + url.search, { body: bytes, headers: { 'content-type': 'application/octet-stream' } });
  if (closed.status !== 201) throw new Error(`PUT blob: ${closed.status} ${closed.body.toString()}`);
}

export async function pushManifest(registry: PushTarget, repository: string, reference: string, raw: Buffer, mediaType: string): Promise<void> {
  const put = await request(registry, 'PUT', `/v2/${repository}/manifests/${reference}`, { body: raw, headers: { 'content-type': mediaType } });
  if (put.status !== 201) throw new Error(`PUT manifest: ${put.status} ${put.body.toString()}`);
}
