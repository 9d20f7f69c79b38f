/**
 * The bytes of config.json.
 */
import { SkiffError } from '../../lib/errors.ts';
import type { RuntimeSpec } from '../../oci/runtime-spec.ts';
import { unlimitedValue } from './process.ts';

/**
 * Compact JSON, with the seccomp profile (resolveSeccomp(); undefined: unconfined) as the last member of `linux`. Refuses a NUL byte anywhere in it: C programs end their strings there, so that what was checked would not be what is used.
 * @throws USAGE
 */
export function serializeSpec(spec: RuntimeSpec, seccomp: string | undefined): string {
  const text = withSeccomp(JSON.stringify({ ...spec, linux: undefined }), JSON.stringify(spec.linux), seccomp);
  if (text.includes(String.raw`\u0000`) && /(?<!\\)(?:\\\\)*\\u0000/.test(text)) {
    throw new SkiffError('USAGE', 'a NUL byte in the command, the environment or a path');
  }
  const unlimited = JSON.stringify(unlimitedValue);
  if (!text.includes(`:${unlimited}`)) return text;
  return text.replaceAll(new RegExp(`(?<key>"(?:hard|soft)":)${unlimited}`, 'g'), '$<key>18446744073709551615');
}

/** The profile is 7 KB of JSON already: taking it as it is saves parsing and writing it anew. */
function withSeccomp(outer: string, linux: string, seccomp: string | undefined): string {
  const inner = seccomp === undefined ? linux : `${linux.slice(0, -1)},"seccomp":${seccomp}}`;
  return `${outer.slice(0, -1)},"linux":${inner}}`;
}
