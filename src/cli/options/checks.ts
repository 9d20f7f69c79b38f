/** Building blocks of cross-option checks. A group of options owns its checks; a command lists those of the groups it takes. */
import { SkiffError } from '../../lib/errors.ts';
import type { Check, OptionValues } from '../spec.ts';

/** Given at all. A bool counts only where it is true: `--detach=false` is no wish. */
export function isGiven(options: OptionValues, name: string): boolean {
  const value = options[name];
  return value !== undefined && value !== false;
}

/** At most one of these options. */
export function exclusive(...names: string[]): Check {
  return (options) => {
    const [first, second] = names.filter((name) => isGiven(options, name));
    if (first !== undefined && second !== undefined) throw new SkiffError('USAGE', `--${first} and --${second} cannot be used together`);
  };
}

/** `name` makes sense only beside `other`. */
export function requires(name: string, other: string): Check {
  return (options) => {
    if (isGiven(options, name) && !isGiven(options, other)) throw new SkiffError('USAGE', `--${name} needs --${other}`);
  };
}

/** Names on the command line, or an option that chooses them (--all, --latest, --filter, --cidfile): one way, and at least one. */
export function namesOr(...choosers: string[]): Check {
  return (options, args) => {
    const given = choosers.filter((name) => isGiven(options, name));
    if (args.length === 0 && given.length === 0) throw new SkiffError('USAGE', 'you must provide at least one name or id');
    const alone = given.find((name) => Object.hasOwn(besideNames, name));
    if (alone !== undefined && args.length > 0) throw new SkiffError('USAGE', besideNames[alone as keyof typeof besideNames]);
    if (given.includes('cidfile') && (given.includes('all') || given.includes('latest'))) throw new SkiffError('USAGE', '--all, --latest, and --cidfile cannot be used together');
    if (given.includes('all') && given.includes('latest')) throw new SkiffError('USAGE', '--all and --latest cannot be used together');
  };
}

/** What Podman says of names beside an option that chooses by itself. */
const besideNames = {
  all: 'no arguments are needed with --all',
  latest: '--latest and containers cannot be used together',
  filter: '--filter takes no arguments',
  cidfile: 'no arguments are needed with --latest or --cidfile',
} as const;

/** `--latest` stands for the name: no other one beside it. `what` is what the command calls its arguments. */
export function latestAlone(what: 'containers' | 'arguments' = 'containers'): Check {
  return (options, args) => {
    if (isGiven(options, 'latest') && args.length > 0) throw new SkiffError('USAGE', `--latest and ${what} cannot be used together`);
  };
}
