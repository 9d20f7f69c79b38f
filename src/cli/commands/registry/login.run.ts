import { askLine, askSecret, readStdin } from '../../../host/ask.ts';
import { SkiffError, isCode, wrap } from '../../../lib/errors.ts';
import type { LoginKey } from '../../../registry/auth/login.ts';
import { loginKey, loginPlaces } from '../../../registry/auth/login.ts';
import { storeCredential } from '../../../registry/auth/store.ts';
import { clientOptions } from '../../../registry/client-options.ts';
import type { Credential } from '../../../registry/index.ts';
import { readRegistryFlags } from '../../options/registry.ts';
import { printLine } from '../../output.ts';
import type { Invocation, OptionValues } from '../../spec.ts';

type Basic = Extract<Credential, { kind: 'basic' }>;

export async function run({ args, options }: Invocation): Promise<void> {
  const text = (name: string): string | undefined => options[name] as string | undefined;
  const places = await loginPlaces({ authfile: text('authfile'), compatAuthfile: text('compat-auth-file') });
  const target = loginKey(places.conf, args[0]);
  const stored = await places.find(target.repository);
  if (options['get-login'] === true) {
    if (stored === undefined) throw new SkiffError('REGISTRY_UNAUTHORIZED', `not logged into ${target.key}`);
    printLine(stored.credential.kind === 'basic' ? stored.credential.username : '<token>');
    return;
  }
  if (stored?.credential.kind === 'identity') {
    throw new SkiffError('UNSUPPORTED', 'currently logged in, auth file contains an Identity token', { hint: `it stands in ${stored.source}; log out first` });
  }
  const given = { username: text('username') ?? '', password: options['password-stdin'] === true ? await passwordFromStdin() : text('password') ?? '' };
  if (given.username === '' && given.password === '' && stored !== undefined && await isStillValid(options, target, stored.credential)) return;

  const credential = await complete(given, stored?.credential.username);
  await prove(options, target, credential);
  const where = await storeCredential(places.store, target.key, credential);
  if (options['verbose'] === true) printLine(`Used: ${where}`);
  printLine('Login Succeeded!');
}

async function passwordFromStdin(): Promise<string> {
  const password = (await readStdin()).replace(/\r?\n$/, '');
  if (password === '') throw new SkiffError('USAGE', 'there is no password on standard input');
  return password;
}

async function isStillValid(options: OptionValues, target: LoginKey, credential: Basic): Promise<boolean> {
  printLine(`Authenticating with existing credentials for ${target.key}`);
  try {
    await tryLogin(options, target.repository.domain, credential);
  } catch (error) {
    if (!isCode(error, 'REGISTRY_UNAUTHORIZED')) throw wrap(error, `authenticating creds for ${JSON.stringify(target.key)}`);
    printLine('Existing credentials are invalid, please enter valid username and password');
    return false;
  }
  printLine(`Existing credentials are valid. Already logged in to ${target.repository.domain}`);
  return true;
}

/** Asks for what is missing. An empty answer means the user who is logged in now. */
async function complete(given: { username: string; password: string }, known: string | undefined): Promise<Basic> {
  const username = given.username || await askLine(known === undefined ? 'Username: ' : `Username (${known}): `) || (known ?? '');
  if (username === '') throw new SkiffError('USAGE', 'the user name is empty');
  if (username.includes(':')) throw new SkiffError('USAGE', 'a user name with a colon in it can neither be sent nor stored');
  const password = given.password || await askSecret('Password: ');
  return { kind: 'basic', username, password };
}

async function prove(options: OptionValues, target: LoginKey, credential: Basic): Promise<void> {
  try {
    await tryLogin(options, target.repository.domain, credential);
  } catch (error) {
    // The peer's wording; scripts look for it.
    if (isCode(error, 'REGISTRY_UNAUTHORIZED')) throw new SkiffError('REGISTRY_UNAUTHORIZED', `logging into ${JSON.stringify(target.key)}: invalid username/password`, { cause: error });
    throw wrap(error, `authenticating creds for ${JSON.stringify(target.key)}`);
  }
}

async function tryLogin(options: OptionValues, domain: string, credential: Basic): Promise<void> {
  const { openRegistry } = await import('../../../registry/client.ts');
  const client = openRegistry(await clientOptions({ ...await readRegistryFlags(options), makesAuthfile: true }));
  try {
    await client.login(domain, credential);
  } finally {
    await client.close();
  }
}
