/**
 * docker-credential-NAME programs: a word as argument, the rest by stdin and stdout, so that no secret is ever in an argument list
 * or an environment.
 * @see docker/docker-credential-helpers README "Development" (the protocol)
 */
import { findProgram, run } from '../../host/run.ts';
import { SkiffError, wrap } from '../../lib/errors.ts';
import { isObject } from '../../lib/json.ts';
import type { Credential } from '../index.ts';

/** A keyring may ask its owner for a pass phrase. */
const timeoutMs = 120_000;
const maxOutputBytes = 1024 * 1024;

/** The user name by which helpers mark an identity token. */
const tokenUser = '<token>';

/** Undefined where the helper has nothing for that server. @throws HELPER_MISSING, HELPER_FAILED, CONFIG_INVALID */
export async function askHelper(name: string, server: string): Promise<Credential | undefined> {
  const answer = await callHelper(name, 'get', server);
  if (answer === undefined) return undefined;
  const { Username: username, Secret: secret } = answer;
  if (typeof username !== 'string' || typeof secret !== 'string') throw failed(name, 'get', 'its answer has no Username and Secret');
  if (secret === '') return undefined;
  return username === tokenUser ? { kind: 'identity', token: secret } : { kind: 'basic', username, password: secret };
}

/** Puts a credential into the helper's store. @throws as askHelper */
export async function tellHelper(name: string, server: string, credential: Credential): Promise<void> {
  const [username, secret] = credential.kind === 'basic' ? [credential.username, credential.password] : [tokenUser, credential.token];
  await callHelper(name, 'store', JSON.stringify({ ServerURL: server, Username: username, Secret: secret }));
}

/** True where there was something to erase. @throws as askHelper */
export async function eraseFromHelper(name: string, server: string): Promise<boolean> {
  if ((await askHelper(name, server)) === undefined) return false;
  await callHelper(name, 'erase', server);
  return true;
}

/** Server -> user name of everything the helper has. @throws as askHelper */
export async function listHelper(name: string): Promise<ReadonlyMap<string, string>> {
  const answer = await callHelper(name, 'list', '');
  return new Map(Object.entries(answer ?? {}).map(([server, user]) => [server, String(user)]));
}

/** The JSON object that it prints ({} for nothing); undefined where it says that it has no such credential. */
async function callHelper(name: string, action: string, input: string): Promise<Record<string, unknown> | undefined> {
  const program = `docker-credential-${name}`;
  // A name, not a path: a file from elsewhere must not choose what we run.
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(name)) throw new SkiffError('CONFIG_INVALID', `credential helper ${JSON.stringify(name)}: want the part of its program's name after "docker-credential-"`);
  if (findProgram(program) === undefined) throw new SkiffError('HELPER_MISSING', `credential helper ${JSON.stringify(program)} is not installed`, { data: { program } });
  let result;
  try {
    result = await run([program, action], { input, timeoutMs, maxOutputBytes });
  } catch (error) {
    throw wrap(error, `credential helper ${JSON.stringify(name)}: ${action}`);
  }
  const stdout = result.stdout.toString('utf8').trim();
  if (result.exitCode !== 0) {
    // Helpers print their errors on stdout; this one text is the protocol's "there is none".
    if (/credentials not found in native keychain/i.test(stdout)) return undefined;
    const text = action === 'get' || stdout === '' ? result.stderr.toString('utf8').trim() || stdout : stdout;
    throw failed(name, action, `exit code ${result.exitCode}${text === '' ? '' : `: ${printable(text)}`}`);
  }
  if (stdout === '') return {};
  try {
    const answer: unknown = JSON.parse(stdout);
    if (isObject(answer)) return answer;
  } catch {
    // Not quoted: it may hold the secret. Reported below.
  }
  if (action === 'store' || action === 'erase') return {};
  throw failed(name, action, 'its answer is no JSON object');
}

function failed(name: string, action: string, cause: string): SkiffError {
  return new SkiffError('HELPER_FAILED', `credential helper ${JSON.stringify(name)}: ${action}: ${cause}`, { data: { program: `docker-credential-${name}` } });
}

function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is meant
  return text.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').slice(0, 400);
}
