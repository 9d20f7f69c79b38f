/**
 * The strict parser of a command line, with pflag's rules, which Podman's and Docker's users have in their fingers:
 * `-it`, `-eK=V`, `-e=K=V`, `--name x`, `--name=x`, `--tty=false`, `-t=false`, `--` ends options, a value may begin with a dash,
 * repeats collect, an unknown flag is an error. With `stopAtFirst` the first positional ends parsing.
 *
 * This is no fold over node:util's parseArgs: it takes `-t=false` apart letter by letter, and the `e` in it then eats the
 * next word; nor does it know options that may stand without a value.
 */
import { SkiffError } from '../lib/errors.ts';
import type { OptionSpec, OptionValues } from './spec.ts';
import { nearest } from './suggest.ts';
import { UsageError } from './usage-error.ts';
import { readBool, readValue, splitCommas } from './values.ts';

export interface Grammar {
  options: readonly OptionSpec[];
  stopAtFirst?: boolean;
  /** For messages: "skiff run". */
  command: string;
}

export interface ParsedLine {
  options: OptionValues;
  args: readonly string[];
  /** `--help`, or `-h` where the command gives it no meaning of its own. */
  help: boolean;
}

type Values = Record<string, boolean | number | string | string[] | undefined>;

const helpOption: OptionSpec = { name: 'help', short: 'h', kind: 'bool', help: 'Print usage' };

/** @throws USAGE (UsageError) naming the flag. Where help is asked for before the mistake, help wins. */
export function parseLine(argv: readonly string[], grammar: Grammar): ParsedLine {
  const { longs, shorts } = index(grammar.options);
  const values: Values = Object.create(null) as Values;
  const args: string[] = [];
  let at = 0;
  const take = (missing: string): string => {
    const value = argv[at];
    if (value === undefined) throw new UsageError(`flag needs an argument: ${missing}`, grammar.command);
    at++;
    return value;
  };

  while (at < argv.length && values['help'] !== true) {
    const word = argv[at] ?? '';
    at++;
    if (word === '--') {
      args.push(...argv.slice(at));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      if (grammar.stopAtFirst === true) {
        args.push(...argv.slice(at - 1));
        break;
      }
      args.push(word);
    } else if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
      const option = longs.get(name);
      if (option === undefined) throw unknownLong(name, longs, grammar);
      if (equals >= 0) store(values, option, word.slice(equals + 1), grammar);
      else if (option.kind === 'bool') store(values, option, 'true', grammar);
      else store(values, option, option.bare ?? take(`--${name}`), grammar);
    } else {
      readCluster(word.slice(1));
    }
  }

  function readCluster(cluster: string): void {
    for (let i = 0; i < cluster.length; i++) {
      const letter = cluster[i] ?? '';
      const option = shorts.get(letter);
      if (option === undefined) throw unknownShort(letter, cluster, grammar);
      const rest = cluster.slice(i + 1);
      if (rest.length > 1 && rest.startsWith('=')) return store(values, option, rest.slice(1), grammar, cluster);
      if (option.kind === 'bool') {
        store(values, option, 'true', grammar);
        continue;
      }
      if (option.bare !== undefined) {
        store(values, option, option.bare, grammar);
        continue;
      }
      return store(values, option, rest === '' ? take(`'${letter}' in -${cluster}`) : rest, grammar, cluster);
    }
  }

  const { help, ...options } = values;
  return { options, args, help: help === true };
}

/** Options by long name and by letter. The first to take a name keeps it: a command's own win over the global ones. */
function index(options: readonly OptionSpec[]): { longs: Map<string, OptionSpec>; shorts: Map<string, OptionSpec> } {
  const longs = new Map<string, OptionSpec>();
  const shorts = new Map<string, OptionSpec>();
  for (const option of [...options, helpOption]) {
    for (const name of [option.name, ...(option.aliases ?? [])]) if (!longs.has(name)) longs.set(name, option);
    if (option.short !== undefined && !shorts.has(option.short)) shorts.set(option.short, option);
  }
  return { longs, shorts };
}

function store(values: Values, option: OptionSpec, text: string, grammar: Grammar, cluster = ''): void {
  try {
    if (option.kind === 'bool') values[option.name] = readBool(text);
    else if (option.kind === 'list') {
      const list = (values[option.name] ??= []) as string[];
      for (const field of option.commas === true ? splitCommas(text) : [text]) list.push(String(readValue(option, field)));
    } else values[option.name] = readValue(option, text);
  } catch (error) {
    const cause = error instanceof SkiffError ? error.message : String(error);
    throw new UsageError(`invalid argument ${JSON.stringify(text)} for "${flagName(option)}" flag: ${cause}`, grammar.command, {
      hint: didYouMean(nearest(text, option.oneOf ?? [], 1)[0] ?? dashTooFew(cluster, grammar)),
      cause: error,
    });
  }
}

function flagName(option: OptionSpec): string {
  return option.short === undefined ? `--${option.name}` : `-${option.short}, --${option.name}`;
}

function unknownLong(name: string, longs: ReadonlyMap<string, OptionSpec>, grammar: Grammar): UsageError {
  const shown = [...longs].filter(([, option]) => option.hidden !== true).map(([long]) => long);
  const near = nearest(name, shown, 1)[0];
  return new UsageError(`unknown flag: --${name}`, grammar.command, {
    hint: didYouMean(near === undefined ? undefined : `--${near}`),
    unknownOption: name,
  });
}

function unknownShort(letter: string, cluster: string, grammar: Grammar): UsageError {
  return new UsageError(`unknown shorthand flag: '${letter}' in -${cluster}`, grammar.command, { hint: didYouMean(dashTooFew(cluster, grammar)) });
}

/** "-name" is most often "--name" with a dash too few. */
function dashTooFew(cluster: string, grammar: Grammar): string | undefined {
  const word = cluster.split('=')[0] ?? '';
  return word.length > 1 && grammar.options.some((option) => option.name === word) ? `--${word}` : undefined;
}

function didYouMean(word: string | undefined): string | undefined {
  return word === undefined ? undefined : `did you mean ${word}?`;
}
