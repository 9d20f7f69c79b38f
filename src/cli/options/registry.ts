/** Flags of every command that talks to registries. */
import type { RegistryFlags } from '../../registry/client-options.ts';
import type { OptionSpec, OptionValues } from '../spec.ts';

export const authfileOption: OptionSpec = {
  name: 'authfile', kind: 'string', value: 'FILE', complete: { kind: 'file' },
  help: 'Credentials are in this file only (else $REGISTRY_AUTH_FILE, else the files of containers-auth.json(5))',
};
export const certDirOption: OptionSpec = {
  name: 'cert-dir', kind: 'string', value: 'DIR', complete: { kind: 'dir' },
  help: 'Certificates are in this folder (*.crt, *.cert, *.key; else host:port below the folders of containers-certs.d(5))',
};
export const credsOption: OptionSpec = {
  name: 'creds', kind: 'string', value: 'USER[:PASSWORD]',
  help: 'Credentials for the registry; without PASSWORD it is asked for on the terminal',
};
export const tlsVerifyOption: OptionSpec = {
  name: 'tls-verify', kind: 'bool',
  help: 'Want HTTPS with a certificate that can be verified (default: as registries.conf has it, else true)',
};

export const compatAuthFileOption: OptionSpec = {
  name: 'compat-auth-file', kind: 'string', value: 'FILE', complete: { kind: 'file' },
  help: "Keep the credential in this file of Docker's format (~/.docker/config.json)",
};

/** The whole group, for pull, push, search and the like. */
export const registryOptions: readonly OptionSpec[] = [authfileOption, certDirOption, credsOption, tlsVerifyOption];

/** For who sends or fetches images. */
export const retryOptions: readonly OptionSpec[] = [
  { name: 'retry', kind: 'int', min: 0, max: 100, value: 'NUMBER', help: 'Repeat a request that failed for a passing reason so often', default: '3' },
  { name: 'retry-delay', kind: 'duration', min: 0, value: 'DURATION', help: 'Wait so long before each repetition (default: half a second, and twice as long each time)' },
];

/** What those say, as the client's options. */
export function readRetry(options: OptionValues): { attempts?: number; retryDelayMs?: number } {
  const [retry, delay] = [options['retry'] as number | undefined, options['retry-delay'] as number | undefined];
  return { ...(retry !== undefined && { attempts: retry + 1 }), ...(delay !== undefined && { retryDelayMs: delay }) };
}

/** What they say. Asks for the password of --creds on the terminal where it isn't there. @throws USAGE */
export async function readRegistryFlags(options: OptionValues): Promise<RegistryFlags> {
  const creds = options['creds'] as string | undefined;
  return {
    tlsVerify: options['tls-verify'] as boolean | undefined,
    authfile: options['authfile'] as string | undefined,
    certDir: options['cert-dir'] as string | undefined,
    ...(creds !== undefined && { creds: await withPassword(creds) }),
  };
}

async function withPassword(text: string): Promise<NonNullable<RegistryFlags['creds']>> {
  const { parseCreds } = await import('../../registry/client-options.ts');
  const whole = parseCreds(text);
  if (whole !== undefined) return whole;
  const { askSecret } = await import('../../host/ask.ts');
  return { kind: 'basic', username: text, password: await askSecret('Password: ') };
}
