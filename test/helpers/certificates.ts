/** Certificates for test servers, made by openssl on first use and kept in memory for the test process. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestCertificates {
  /** PEM texts. The server's certificate names localhost, 127.0.0.1 and ::1; the client's is for mutual TLS; one CA signed both. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly clientCert: string;
  readonly clientKey: string;
}

let made: TestCertificates | undefined;

export function testCertificates(): TestCertificates {
  made ??= make();
  return made;
}

function make(): TestCertificates {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-certs-'));
  try {
    const openssl = (...args: string[]): void => {
      const done = spawnSync('openssl', args, { cwd: dir, encoding: 'utf8' });
      if (done.status !== 0) throw new Error(`openssl ${args.join(' ')}: ${done.error?.message ?? done.stderr}`);
    };
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30'];
    openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test CA', '-addext', 'basicConstraints=critical,CA:TRUE');
    const signed = (name: string, extensions: string): void => {
      writeFileSync(join(dir, `${name}.ext`), extensions);
      openssl('req', ...newKey.slice(0, -2), '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=test ${name}`);
      openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '30', '-extfile', `${name}.ext`, '-out', `${name}.crt`);
    };
    signed('server', 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\nextendedKeyUsage=serverAuth\n');
    signed('client', 'extendedKeyUsage=clientAuth\n');
    const read = (name: string): string => readFileSync(join(dir, name), 'utf8');
    return { ca: read('ca.crt'), cert: read('server.crt'), key: read('server.key'), clientCert: read('client.crt'), clientKey: read('client.key') };
  } finally {
    rmSync(dir, { recursive: true });
  }
}
