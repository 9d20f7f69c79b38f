/**
 * Certificates of registries: folders named host[:port] under certs.d, with *.crt (authorities), and pairs X.cert and X.key (ours).
 * @see containers-certs.d(5); docker's "Use certificates for client authentication" (the same layout)
 */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { config } from '../host/config/index.ts';
import { SkiffError, isErrno, wrap } from '../lib/errors.ts';
import { log } from '../lib/log.ts';
import { join } from '../lib/paths.ts';
import type { RegistryCerts } from './index.ts';

/** What is larger is no certificate. */
const maxBytes = 1024 * 1024;

/** Where folders of registries are looked for: the first that has one for the registry is the only one used. */
export function certsDirs(): string[] {
  return [join(config().configHome, 'containers', 'certs.d'), '/etc/containers/certs.d', '/etc/docker/certs.d'];
}

/**
 * The certificates for `domain`. With `certDir` (--cert-dir) those of that folder, whatever the registry.
 * @throws CONFIG_INVALID for half a pair; NOT_FOUND where certDir isn't there; what reading throws
 */
export function registryCerts(domain: string, certDir: string | undefined, dirs: readonly string[] = certsDirs()): RegistryCerts {
  if (certDir !== undefined) return readCerts(certDir, namesIn(certDir));
  // A domain of the grammar has no slash and is no "..", but that is for this file to make sure.
  if (domain.includes('/') || domain.startsWith('.')) return {};
  for (const dir of dirs) {
    const path = join(dir, domain);
    let names: string[];
    try {
      names = namesIn(path);
    } catch (error) {
      if (error instanceof SkiffError && error.code === 'NOT_FOUND') continue;
      if (error instanceof SkiffError && error.code === 'PERMISSION') {
        log.debug(error.message);
        continue;
      }
      throw error;
    }
    return readCerts(path, names);
  }
  return {};
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir).toSorted();
  } catch (error) {
    throw wrap(error, 'read certificates');
  }
}

function readCerts(dir: string, names: readonly string[]): RegistryCerts {
  const ca = names.filter((name) => name.endsWith('.crt')).map((name) => readPem(join(dir, name)));
  const pair = clientPair(dir, names);
  if (pair === undefined) return ca.length === 0 ? {} : { ca };
  const key = join(dir, `${pair}.key`);
  warnOfOpenKey(key);
  return { ...(ca.length > 0 && { ca }), cert: readPem(join(dir, `${pair}.cert`)), key: readPem(key) };
}

/** The name, without its ending, of the one pair. @throws CONFIG_INVALID where a half is missing */
function clientPair(dir: string, names: readonly string[]): string | undefined {
  const stems = (ending: string): string[] => names.filter((name) => name.endsWith(ending) && name !== ending).map((name) => name.slice(0, -ending.length));
  const [certs, keys] = [stems('.cert'), stems('.key')];
  for (const stem of certs) {
    if (!keys.includes(stem)) {
      throw new SkiffError('CONFIG_INVALID', `certificates in ${JSON.stringify(dir)}: missing key ${stem}.key for client certificate ${stem}.cert`, {
        hint: `the certificate of an authority should be named ${stem}.crt`,
      });
    }
  }
  for (const stem of keys) {
    if (!certs.includes(stem)) throw new SkiffError('CONFIG_INVALID', `certificates in ${JSON.stringify(dir)}: missing client certificate ${stem}.cert for key ${stem}.key`);
  }
  if (certs.length > 1) log.warn(`certificates in ${JSON.stringify(dir)}: of ${certs.length} client certificates, ${certs[0]}.cert is used`);
  return certs[0];
}

function readPem(path: string): Buffer {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > maxBytes || !bytes.includes('-----BEGIN ')) throw new SkiffError('CONFIG_INVALID', `${JSON.stringify(path)} is no PEM file`);
    return bytes;
  } catch (error) {
    throw wrap(error, 'read certificates');
  }
}

/** A key that everybody can read is still used, as the peers do, but not in silence. */
function warnOfOpenKey(path: string): void {
  try {
    if ((statSync(path).mode & 0o004) !== 0) log.warn(`key ${JSON.stringify(path)} can be read by everybody: chmod o-r it`);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EACCES')) throw error; // reading it tells those
  }
}
