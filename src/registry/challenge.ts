/**
 * WWW-Authenticate: what a registry wants to see.
 *
 * @see RFC 9110 section 11.6.1; docs.docker.com "Token authentication"
 */
import { SkiffError } from '../lib/errors.ts';

export interface Challenge {
  /** Lower case: basic, bearer. */
  readonly scheme: string;
  /** By lower-case name. Empty where the scheme came alone or with a token68. */
  readonly params: ReadonlyMap<string, string>;
}

const maxLength = 16 * 1024;
const word = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const token68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;
// eslint-disable-next-line no-control-regex -- a tab is the only control character that the grammar allows
const quoted = /"((?:[^"\\\u0000-\u0008\u000a-\u001f\u007f]|\\[^\u0000-\u0008\u000a-\u001f\u007f])*)"/y;
const space = /[ \t]*/y;

/**
 * All challenges of one header line, in order.
 * @throws REGISTRY_FAILED where the line breaks the grammar, is longer than 16 KiB or says one parameter twice
 */
export function parseChallenges(line: string): Challenge[] {
  if (line.length > maxLength) throw unreadable('too long');
  const challenges: { scheme: string; params: Map<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(line);
    if (found !== null) at += found[0].length;
    return found === null ? undefined : (found[1] ?? found[0]);
  };
  const takeParam = (params: Map<string, string>, name: string): void => {
    take(space);
    if (line[at] !== '=') throw unreadable(`unexpected character at ${at}`);
    at++;
    take(space);
    const text = line[at] === '"' ? take(quoted)?.replaceAll(/\\(.)/g, '$1') : take(word);
    if (text === undefined) throw unreadable(`no value at ${at}`);
    if (params.has(name.toLowerCase())) throw unreadable(`${name.toLowerCase()} twice`);
    params.set(name.toLowerCase(), text);
  };
  for (;;) {
    take(space);
    if (at === line.length) return challenges;
    if (line[at] === ',') {
      at++;
      continue;
    }
    const name = take(word);
    if (name === undefined) throw unreadable(`unexpected character at ${at}`);
    const current = challenges.at(-1);
    if (current !== undefined && /^[ \t]*=/.test(line.slice(at))) {
      takeParam(current.params, name);
    } else {
      const params = new Map<string, string>();
      challenges.push({ scheme: name.toLowerCase(), params });
      if (take(space) !== '' && take(token68) === undefined) {
        const first = take(word);
        if (first !== undefined) takeParam(params, first);
      }
    }
    take(space);
    if (at < line.length && line[at] !== ',') throw unreadable(`unexpected character at ${at}`);
  }
}

function unreadable(why: string): SkiffError {
  return new SkiffError('REGISTRY_FAILED', `unreadable WWW-Authenticate header: ${why}`);
}
