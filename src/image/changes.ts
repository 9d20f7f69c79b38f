/**
 * `--change` of import and commit: instructions of a Containerfile that set the run config.
 * CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR; "ENV A=b" and "ENV=A=b" alike.
 *
 * @see podman-import(1) "--change"; Dockerfile reference (forms of ENV, LABEL, CMD)
 */
import { constants } from 'node:os';
import { posix } from 'node:path';
import { SkiffError } from '../lib/errors.ts';
import type { RunConfig } from '../oci/image-config.ts';

type Apply = (config: RunConfig, rest: string) => RunConfig;

const instructions: Readonly<Record<string, Apply>> = {
  CMD: (config, rest) => ({ ...config, Cmd: commandOf(config, rest) }),
  ENTRYPOINT: (config, rest) => ({ ...config, Entrypoint: commandOf(config, rest) }),
  ENV: (config, rest) => ({ ...config, Env: pairsOf(rest).reduce(setEnv, config.Env ?? []) }),
  EXPOSE: (config, rest) => ({ ...config, ExposedPorts: { ...config.ExposedPorts, ...setOf(wordsOf(rest).map(portOf)) } }),
  LABEL: (config, rest) => ({ ...config, Labels: { ...config.Labels, ...Object.fromEntries(pairsOf(rest)) } }),
  ONBUILD: (config, rest) => ({ ...config, OnBuild: [...(config.OnBuild ?? []), rest] }),
  STOPSIGNAL: (config, rest) => ({ ...config, StopSignal: signalOf(rest) }),
  USER: (config, rest) => ({ ...config, User: oneWord(rest) }),
  VOLUME: (config, rest) => ({ ...config, Volumes: { ...config.Volumes, ...setOf(jsonWords(rest) ?? wordsOf(rest)) } }),
  WORKDIR: (config, rest) => ({ ...config, WorkingDir: posix.resolve('/', config.WorkingDir ?? '/', rest) }),
};

/** A new config with the changes made, in order. @throws USAGE, naming the change */
export function applyChanges(config: RunConfig, changes: readonly string[]): RunConfig {
  return changes.reduce((before, change) => {
    const match = /^\s*([A-Za-z]+)(?:\s+|\s*=\s*)(\S[\s\S]*?)\s*$/.exec(change);
    const name = (match?.[1] ?? /^\s*(\S*)/.exec(change)?.[1] ?? '').toUpperCase();
    const apply = Object.hasOwn(instructions, name) ? instructions[name] : undefined;
    if (apply === undefined) throw invalid(change, `invalid instruction ${name === '' ? '""' : name}`);
    if (match?.[2] === undefined) throw invalid(change, 'must be formatted as KEY VALUE');
    try {
      return apply(before, match[2]);
    } catch (error) {
      if (error instanceof ChangeError) throw invalid(change, error.message);
      throw error;
    }
  }, config);
}

/** Why an instruction's value does not fit; becomes a USAGE error that names the whole change. */
class ChangeError extends Error {}

function invalid(change: string, cause: string): SkiffError {
  return new SkiffError('USAGE', `invalid change ${JSON.stringify(change.slice(0, 200))}: ${cause}`);
}

/** The JSON form is the words themselves; the other is a line for a shell. */
function commandOf(config: RunConfig, rest: string): readonly string[] {
  return jsonWords(rest) ?? [...(config.Shell ?? ['/bin/sh', '-c']), rest];
}

function jsonWords(rest: string): string[] | undefined {
  if (!rest.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(rest);
    return Array.isArray(value) && value.every((word) => typeof word === 'string') ? value : undefined;
  } catch {
    // Not JSON: then it is a shell's test command, "[ -e x ]".
    return undefined;
  }
}

/** `A=b C="d e"`, or the old form `A the rest`. A word without sign behind others makes all of it one value, as Podman takes it. */
function pairsOf(rest: string): [string, string][] {
  const words = wordsOf(rest);
  const [first] = words;
  if (first !== undefined && !first.includes('=')) {
    const [, key, value] = /^(\S+)\s*([\s\S]*)$/.exec(rest) ?? [];
    return [[key ?? first, value ?? '']];
  }
  const [, key, value] = /^([^\s="']+)=([\s\S]*)$/.exec(rest) ?? [];
  if (key !== undefined && words.some((word) => !word.includes('='))) return [[key, value ?? '']];
  return words.map((word) => {
    const sign = word.indexOf('=');
    if (sign < 1) throw new ChangeError(`${JSON.stringify(word)} must be formatted as key=value`);
    return [word.slice(0, sign), word.slice(sign + 1)];
  });
}

function setEnv(env: readonly string[], [key, value]: readonly [string, string]): readonly string[] {
  const at = env.findIndex((entry) => entry.startsWith(`${key}=`));
  return at < 0 ? [...env, `${key}=${value}`] : env.with(at, `${key}=${value}`);
}

/** Splits at blanks outside quotes; a backslash takes the next character as it is, except inside single quotes. */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\\' && quote !== "'" && at + 1 < text.length) {
      const next = text.charAt(++at);
      word = (word ?? '') + (quote === '"' && next !== '"' && next !== '\\' && next !== '$' ? `\\${next}` : next);
    } else if (quote !== '') {
      if (character === quote) quote = '';
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  if (quote !== '') throw new ChangeError('unterminated quote');
  return word === undefined ? words : [...words, word];
}

function oneWord(rest: string): string {
  const words = wordsOf(rest);
  if (words.length !== 1 || words[0] === undefined) throw new ChangeError('want one word');
  return words[0];
}

function portOf(word: string): string {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(word);
  if (match === null) throw new ChangeError(`${JSON.stringify(word)} is no port, want PORT[-PORT][/tcp|udp|sctp]`);
  const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
  if (first < 1 || last > 65535 || first > last) throw new ChangeError(`${JSON.stringify(word)} is not a valid port number`);
  return `${match[2] === undefined ? first : `${first}-${last}`}/${(match[3] ?? 'tcp').toLowerCase()}`;
}

function signalOf(rest: string): string {
  const name = rest.toUpperCase().replace(/^SIG/, '');
  const isNumber = /^\d{1,2}$/.test(rest) && Number(rest) >= 1 && Number(rest) <= 64;
  const isName = Object.hasOwn(constants.signals, `SIG${name}`) || /^RTM(?:IN(?:\+(?:[0-9]|1[0-5]))?|AX(?:-(?:[0-9]|1[0-4]))?)$/.test(name);
  if (!isNumber && !isName) throw new ChangeError(`invalid signal: ${rest}`);
  return rest;
}

function setOf(keys: readonly string[]): Record<string, object> {
  return Object.fromEntries(keys.map((key) => [key, {}]));
}
