/** -v, --mount, --tmpfs and --volumes-from as mount requests. */
import { resolve } from 'node:path';
import type { MountRequest } from '../../../container/create-request.ts';
import { SkiffError } from '../../../lib/errors.ts';
import { splitCommas } from '../../values.ts';

/** `[SOURCE:]DIR[:OPTIONS]`; a source with a slash or dot in front is a path of the host, else a volume's name. @throws USAGE */
export function parseVolume(text: string): MountRequest {
  const parts = text.split(':');
  const [first = '', second, third] = parts;
  if (parts.length > 3 || first === '' && second === undefined) throw invalid('volume', text, 'want [SOURCE:]DIR[:OPTIONS]');
  if (second === undefined) return { kind: 'volume', name: '', destination: first, readOnly: false, options: [] };
  if (second === '') throw invalid('volume', text, 'the directory in the container is missing');
  const options = third === undefined ? [] : third.split(',');
  checkVolumeOptions(options);
  const readOnly = options.includes('ro');
  const rest = options.filter((option) => option !== 'ro' && option !== 'rw');
  if (first === '') throw invalid('volume', text, 'the source is empty');
  if (!/^[./]/.test(first)) return { kind: 'volume', name: first, destination: second, readOnly, options: rest };
  return { kind: 'bind', source: resolve(first), destination: second, readOnly, options: rest };
}

/** Of each group at most one; the words are Podman's. */
const alternatives: readonly (readonly [readonly string[], string])[] = [
  [['rw', 'ro'], "'rw' or 'ro'"],
  [['z', 'Z', 'O'], "'z', 'Z', or 'O'"],
  [['noexec', 'exec'], "'noexec' or 'exec'"],
  [['nodev', 'dev'], "'nodev' or 'dev'"],
  [['nosuid', 'suid'], "'nosuid' or 'suid'"],
  [['bind', 'rbind'], "'rbind' or 'bind'"],
  [['shared', 'rshared', 'private', 'rprivate', 'slave', 'rslave', 'unbindable', 'runbindable'], "'[r]shared', '[r]private', '[r]slave' or '[r]unbindable'"],
  [['U'], "'U'"],
];

function checkVolumeOptions(options: readonly string[]): void {
  if (options.includes('')) throw new SkiffError('USAGE', 'invalid option type ""');
  for (const [group, shown] of alternatives) {
    if (options.filter((option) => group.includes(option)).length > 1) {
      throw new SkiffError('USAGE', `invalid options ${JSON.stringify(options.join(', '))}, can only specify 1 ${shown} option`);
    }
  }
}

/** `DIR[:OPTIONS]`. @throws USAGE */
export function parseTmpfs(text: string): MountRequest {
  const colon = text.indexOf(':');
  const destination = colon < 0 ? text : text.slice(0, colon);
  if (destination === '') throw invalid('tmpfs', text, 'want DIR[:OPTIONS]');
  const options = colon < 0 ? [] : text.slice(colon + 1).split(',').filter((option) => option !== '');
  if (options.filter((option) => option === 'ro' || option === 'rw').length > 1) throw new SkiffError('USAGE', "only one of 'rw' and 'ro' can be used: duplicate mount option passed");
  return { kind: 'tmpfs', destination, readOnly: options.includes('ro'), options: options.filter((option) => option !== 'ro' && option !== 'rw') };
}

/** `type=bind,source=…,destination=…,ro=true,…`. @see podman-run(1) --mount. @throws USAGE */
export function parseMount(text: string): MountRequest {
  const fields = splitCommas(text).map((field): [string, string | undefined] => {
    const equals = field.indexOf('=');
    return equals < 0 ? [field, undefined] : [field.slice(0, equals), field.slice(equals + 1)];
  });
  const values = new Map(fields);
  const type = values.get('type') ?? 'volume';
  const destination = values.get('destination') ?? values.get('dst') ?? values.get('target');
  if (destination === undefined || destination === '') throw invalid('mount', text, 'must set a destination');
  const source = values.get('source') ?? values.get('src');
  const { readOnly, options } = mountOptions(text, type, fields);
  switch (type) {
    case 'bind': {
      if (source === undefined || source === '') throw invalid('mount', text, 'must set a source');
      return { kind: 'bind', source: resolve(source), destination, readOnly, options };
    }
    case 'volume': return { kind: 'volume', name: source ?? '', destination, readOnly, options };
    case 'tmpfs': {
      if (source !== undefined) throw invalid('mount', text, 'a tmpfs has no source');
      return { kind: 'tmpfs', destination, readOnly, options };
    }
    default: throw invalid('mount', text, `type ${JSON.stringify(type)} is not supported: want bind, volume or tmpfs`);
  }
}

const named = ['type', 'source', 'src', 'destination', 'dst', 'target'];

function mountOptions(text: string, type: string, fields: readonly [string, string | undefined][]): { readOnly: boolean; options: string[] } {
  const options: string[] = [];
  let readOnly = false;
  checkReadOnly(fields);
  for (const [key, value] of fields) {
    if (named.includes(key)) continue;
    const on = value === undefined || value === 'true' || value === '1';
    switch (key) {
      case 'ro': case 'readonly': readOnly = on; break;
      case 'rw': readOnly = !on; break;
      case 'bind-propagation': options.push(value ?? ''); break;
      case 'bind-nonrecursive': if (on) options.push('bind'); break;
      case 'tmpfs-size': options.push(`size=${value ?? ''}`); break;
      case 'tmpfs-mode': options.push(`mode=${value ?? ''}`); break;
      case 'relabel': case 'consistency': break; // no labels are set here, and there is no cache to be consistent with
      case 'U': case 'chown': if (on) options.push('U'); break;
      case 'size': case 'mode': case 'uid': case 'gid':
        if (type !== 'tmpfs') throw invalid('mount', text, `${key} is for tmpfs`);
        options.push(`${key}=${value ?? ''}`);
        break;
      default:
        if (value !== undefined && value !== 'true' && value !== 'false') throw invalid('mount', text, `unknown option ${JSON.stringify(key)}`);
        if (on) options.push(key);
    }
  }
  return { readOnly, options };
}

function checkReadOnly(fields: readonly [string, string | undefined][]): void {
  const given = fields.filter(([key]) => ['ro', 'readonly', 'rw'].includes(key));
  if (given.length > 1) throw new SkiffError('USAGE', "cannot pass 'readonly', 'ro', or 'rw' options more than once");
  const value = given[0]?.[1];
  if (value !== undefined && !['true', 'false', '1', '0'].includes(value)) throw new SkiffError('USAGE', `'readonly', 'ro', or 'rw' must be set to true or false, instead received ${JSON.stringify(value)}`);
}

/** `CONTAINER[:ro|rw|z]`. @throws USAGE */
export function parseVolumesFrom(text: string): { container: string; readOnly: boolean } {
  const [container = '', options = ''] = text.split(':', 2);
  const words = options.split(',').filter((word) => word !== '');
  const unknown = words.find((word) => !['ro', 'rw', 'z'].includes(word));
  if (container === '' || unknown !== undefined) throw invalid('volumes-from', text, unknown === undefined ? 'want CONTAINER[:OPTIONS]' : `unknown option ${JSON.stringify(unknown)}`);
  if (words.filter((word) => word === 'ro' || word === 'rw').length > 1) throw new SkiffError('USAGE', 'cannot set ro or rw options more than once');
  return { container, readOnly: words.includes('ro') };
}

function invalid(option: string, text: string, cause: string): SkiffError {
  return new SkiffError('USAGE', `--${option} ${JSON.stringify(text)}: ${cause}`);
}
