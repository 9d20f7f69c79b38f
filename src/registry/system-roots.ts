/** The certificate authorities that the machine trusts. Node brings its own list, which no administrator ever sees. */
import { readdirSync, readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { isErrno } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';

/** Where distributions keep the bundle (the list of Go's crypto/x509, in its order). */
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/ca-bundle.pem', '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', '/etc/ssl/cert.pem',
];

/**
 * PEM texts: the file and the folders that SSL_CERT_FILE and SSL_CERT_DIR name, as OpenSSL and Go read them, else the
 * distribution's bundle, else Node's list. Parsing them costs OpenSSL some 40 ms: only for hosts whose certificate is verified.
 */
export function systemRoots(env: Readonly<Record<string, string | undefined>>): (string | Buffer)[] {
  const file = env['SSL_CERT_FILE'] || undefined;
  const folders = (env['SSL_CERT_DIR'] ?? '').split(':').filter((folder) => folder !== '');
  const found: Buffer[] = [];
  for (const path of file === undefined ? bundles : [file]) {
    const bytes = readOptional(path);
    if (bytes === undefined) continue;
    found.push(bytes);
    break;
  }
  for (const folder of folders) found.push(...pemFiles(folder));
  return found.length > 0 ? found : [...rootCertificates];
}

function pemFiles(folder: string): Buffer[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return [];
    throw error;
  }
  return names.flatMap((name) => readOptional(join(folder, name)) ?? []).filter((bytes) => bytes.includes('-----BEGIN CERTIFICATE-----'));
}

function readOptional(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR')) return undefined;
    throw error;
  }
}
