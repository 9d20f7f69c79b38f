/**
 * policy.json: which images may come in. Pure: text in, requirements out, and for an image the requirements that apply.
 *
 * Strict, as the format wants it: a key that isn't known, stands twice or has a wrong value makes the whole policy invalid, and then nothing is
 * accepted.
 * @see containers-policy.json(5)
 */
import { SkiffError } from '../../lib/errors.ts';
import { isObject } from '../../lib/json.ts';
import { parseJson } from '../../oci/json.ts';
import { duplicateKey } from './json.ts';

export type Requirement =
  | { readonly type: 'insecureAcceptAnything' }
  | { readonly type: 'reject' }
  /** Signatures, which we don't verify: `fields` as written, for showing them. */
  | { readonly type: 'signedBy' | 'sigstoreSigned' | 'signedBaseLayer'; readonly fields: Readonly<Record<string, unknown>> };

export interface Policy {
  readonly default: readonly Requirement[];
  /** By transport, then by scope; '' is the transport's own default. */
  readonly transports: ReadonlyMap<string, ReadonlyMap<string, readonly Requirement[]>>;
}

const maxBytes = 4 * 1024 * 1024;

/** The keys of a requirement beside "type". */
const requirementKeys: Readonly<Record<Requirement['type'], readonly string[]>> = {
  insecureAcceptAnything: [],
  reject: [],
  signedBy: ['keyType', 'keyPath', 'keyPaths', 'keyData', 'signedIdentity'],
  sigstoreSigned: [
    'keyPath', 'keyPaths', 'keyData', 'keyDatas', 'fulcio', 'pki', 'rekorPublicKeyPath', 'rekorPublicKeyPaths', 'rekorPublicKeyData', 'rekorPublicKeyDatas', 'signedIdentity',
  ],
  signedBaseLayer: ['baseLayerIdentity'],
};

/** @throws CONFIG_INVALID naming the file and the place */
export function parsePolicy(bytes: Uint8Array, file: string): Policy {
  const document = parseJson(bytes, { what: JSON.stringify(file), code: 'CONFIG_INVALID', maxBytes });
  const twice = duplicateKey(Buffer.from(bytes).toString('utf8'));
  if (twice !== undefined) throw bad(file, `the key ${JSON.stringify(twice)} stands twice in one object`);
  const top = object(document, file, 'the policy');
  onlyKeys(top, ['default', 'transports'], file, 'the policy');
  const fallback = top['default'];
  if (fallback === undefined) throw bad(file, 'default policy is missing');
  const transports = new Map<string, ReadonlyMap<string, readonly Requirement[]>>();
  for (const [transport, scopes] of Object.entries(object(top['transports'] ?? {}, file, 'transports'))) {
    transports.set(transport, new Map(Object.entries(object(scopes, file, `transport ${JSON.stringify(transport)}`)).map(([scope, requirements]) => {
      checkScope(transport, scope, file);
      return [scope, readRequirements(requirements, file, `${transport}:${scope}`)];
    })));
  }
  return { default: readRequirements(fallback, file, 'default'), transports };
}

function readRequirements(value: unknown, file: string, where: string): Requirement[] {
  if (!Array.isArray(value)) throw bad(file, `${where} must be a list of requirements`);
  if (value.length === 0) throw bad(file, `${where}: the list of requirements must not be empty`);
  return value.map((item) => readRequirement(object(item, file, `a requirement of ${where}`), file, where));
}

function readRequirement(item: Record<string, unknown>, file: string, where: string): Requirement {
  const type = item['type'];
  if (typeof type !== 'string' || !Object.hasOwn(requirementKeys, type)) throw bad(file, `${where}: unknown policy requirement type ${JSON.stringify(type) ?? 'undefined'}`);
  const known = type as Requirement['type'];
  onlyKeys(item, ['type', ...requirementKeys[known]], file, `requirement ${known} of ${where}`);
  if (known === 'insecureAcceptAnything' || known === 'reject') return { type: known };
  const { type: _, ...fields } = item;
  return { type: known, fields };
}

/** Scopes that can never match are mistakes, and the person who wrote them counts on them. */
function checkScope(transport: string, scope: string, file: string): void {
  if (scope === '') return;
  if (transport === 'docker-archive' || transport === 'tarball') throw bad(file, `transport ${transport} has no scopes but ""`);
  if (transport !== 'dir' && transport !== 'oci' && transport !== 'oci-archive') return;
  if (scope === '/') throw bad(file, `${transport}: the scope "/" is forbidden: use ""`);
  const path = transport === 'dir' ? scope : scope.replace(/:[^/]*$/, '');
  if (!path.startsWith('/') || /\/(?:\.{0,2})(?:\/|$)/.test(path)) throw bad(file, `${transport}: the scope ${JSON.stringify(scope)} is no clean absolute path`);
}

function object(value: unknown, file: string, what: string): Record<string, unknown> {
  if (!isObject(value)) throw bad(file, `${what} must be an object`);
  return value;
}

function onlyKeys(value: Record<string, unknown>, known: readonly string[], file: string, what: string): void {
  for (const key of Object.keys(value)) if (!known.includes(key)) throw bad(file, `${what}: unknown key ${JSON.stringify(key)}`);
}

function bad(file: string, what: string): SkiffError {
  return new SkiffError('CONFIG_INVALID', `invalid policy in ${JSON.stringify(file)}: ${what}`, { data: { file } });
}

/** What applies to an image: the requirements of its most specific scope, and where they stand. */
export interface Applied { readonly requirements: readonly Requirement[]; readonly scope: string }

/** `scopes` from the most specific on (subject.ts); then the transport's default, then the policy's. Never empty. */
export function requirementsFor(policy: Policy, transport: string, scopes: readonly string[]): Applied {
  const known = policy.transports.get(transport);
  for (const scope of [...scopes, '']) {
    const requirements = known?.get(scope);
    if (requirements !== undefined) return { requirements, scope: `${transport}:${scope}` };
  }
  return { requirements: policy.default, scope: 'default' };
}
