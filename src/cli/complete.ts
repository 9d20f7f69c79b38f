/**
 * What may stand at the end of an unfinished command line. The shells' scripts are thin and ask `skiff __complete`, so the
 * rules are told once, here, and an installed script never goes stale. No namespace, no lock, one spec loaded at most.
 */
import type { CommandEntry } from './commands/entry.ts';
import { readGlobals } from './globals.ts';
import type { Completion, CommandSpec, GlobalOptions, OptionSpec } from './spec.ts';

export interface Candidate { word: string; help: string }

export interface Answer {
  candidates: Candidate[];
  /** What the shell adds by itself: nothing, file names, folder names, or names of programs. */
  add: 'none' | 'file' | 'dir' | 'command';
  /** No space after a sole candidate. */
  noSpace?: boolean;
}

export interface Sources {
  commands: readonly CommandEntry[];
  /** Visible words one level below a group. */
  members: (path: readonly string[]) => { name: string; summary: string }[];
  globals: readonly OptionSpec[];
  /** Names on this machine: containers, images, …; `args` are the arguments that stand before. */
  names: (kind: Completion, typed: string, globals: GlobalOptions, args: readonly string[]) => Promise<Candidate[]>;
}

/** Candidates for a value or an argument. */
type Ask = (kind: Completion, word: string) => Promise<Answer>;

const nothing: Answer = { candidates: [], add: 'none' };

/** `words`: everything after "skiff", the last one being typed (maybe ''). */
export async function complete(words: readonly string[], sources: Sources): Promise<Answer> {
  const typed = words.at(-1) ?? '';
  // `help` takes the words of a command, and nothing else of it.
  if (words[0] === 'help' && words.length > 1) return completeTopic(words.slice(1, -1), typed, sources);
  const line = await readLine(words.slice(0, -1), sources);
  if (line === undefined) return nothing;
  const ask: Ask = (kind, word) => byKind(kind, word, (names) => sources.names(names, word, readGlobals(line.given), line.args));
  if (line.awaiting !== undefined) return ask(completionOf(line.awaiting), typed);
  if (typed.startsWith('-') && !line.optionsEnded) return completeOption(typed, line.options, ask);
  if (line.spec === undefined) {
    return completeTopic(line.path, typed, sources);
  }
  const args = line.spec.args ?? [];
  const last = args.at(-1);
  const arg = args[line.args.length] ?? (last?.rest === true ? last : undefined);
  if (arg?.complete === undefined) return line.spec.stopAtFirst === true && line.args.length > 0 ? { ...nothing, add: 'file' } : nothing;
  const answer = await ask(arg.complete, typed);
  return { ...answer, candidates: answer.candidates.filter(({ word }) => !line.args.includes(word)) };
}

function completeTopic(path: readonly string[], typed: string, sources: Sources): Answer {
  return { candidates: startingWith(typed, sources.members(path).map(({ name, summary }) => ({ word: name, help: summary }))), add: 'none' };
}

interface Line {
  path: string[];
  spec: CommandSpec | undefined;
  options: readonly OptionSpec[];
  args: string[];
  optionsEnded: boolean;
  /** The option whose value is being typed. */
  awaiting: OptionSpec | undefined;
  /** String options given so far. */
  given: Record<string, string>;
}

/** Reads the finished words as the parser would, without judging values. undefined: no such command. */
async function readLine(words: readonly string[], sources: Sources): Promise<Line | undefined> {
  const line: Line = { path: [], spec: undefined, options: sources.globals, args: [], optionsEnded: false, awaiting: undefined, given: {} };
  for (const word of words) {
    if (line.awaiting !== undefined) {
      line.given[line.awaiting.name] = word;
      line.awaiting = undefined;
    } else if (!line.optionsEnded && word === '--') {
      line.optionsEnded = true;
    } else if (!line.optionsEnded && word.startsWith('-') && word !== '-') {
      const equals = word.indexOf('=');
      if (word.startsWith('--') && equals > 0) line.given[word.slice(2, equals)] = word.slice(equals + 1);
      line.awaiting = optionAwaitingValue(word, line.options);
    } else if (line.spec !== undefined) {
      line.args.push(word);
      if (line.spec.stopAtFirst === true) line.optionsEnded = true;
    } else if (!(await descend(line, word, sources))) {
      return undefined;
    }
  }
  return line;
}

async function descend(line: Line, word: string, sources: Sources): Promise<boolean> {
  line.path.push(word);
  const wanted = line.path.join(' ');
  const found = sources.commands.find((entry) => [entry.path, ...entry.aliases].some((path) => path.join(' ') === wanted));
  if (found !== undefined) {
    line.spec = await found.load();
    line.options = [...(line.spec.options ?? []), ...sources.globals];
    return true;
  }
  return sources.members(line.path).length > 0;
}

/** The option at the end of `word` that takes the next word: "--name", "-n", "-it" + "e" of "-ite". */
function optionAwaitingValue(word: string, options: readonly OptionSpec[]): OptionSpec | undefined {
  if (word.includes('=')) return undefined;
  const takesNext = (option: OptionSpec | undefined): boolean => option !== undefined && option.kind !== 'bool' && option.bare === undefined;
  if (word.startsWith('--')) {
    const name = word.slice(2);
    const option = options.find((candidate) => candidate.name === name || candidate.aliases?.includes(name) === true);
    return takesNext(option) ? option : undefined;
  }
  for (let i = 1; i < word.length; i++) {
    const option = options.find((candidate) => candidate.short === word[i]);
    if (option === undefined || takesNext(option)) return i === word.length - 1 ? option : undefined;
  }
  return undefined;
}

async function completeOption(typed: string, options: readonly OptionSpec[], ask: Ask): Promise<Answer> {
  const equals = typed.indexOf('=');
  if (equals > 0 && typed.startsWith('--')) {
    const option = options.find((candidate) => candidate.name === typed.slice(2, equals));
    if (option === undefined) return nothing;
    const flag = typed.slice(0, equals + 1);
    const answer = await ask(option.kind === 'bool' ? { kind: 'choice', words: ['true', 'false'] } : completionOf(option), typed.slice(equals + 1));
    return { ...answer, candidates: answer.candidates.map(({ word, help }) => ({ word: flag + word, help })) };
  }
  const shown = options.filter((option, i) => option.hidden !== true && options.findIndex(({ name }) => name === option.name) === i);
  const words = shown.map((option) => ({ word: `--${option.name}`, help: option.help }));
  if (typed === '-') words.push(...shown.filter((option) => option.short !== undefined).map((option) => ({ word: `-${option.short ?? ''}`, help: option.help })));
  words.push({ word: '--help', help: 'Print usage' });
  return { candidates: startingWith(typed, words).toSorted((a, b) => (a.word < b.word ? -1 : 1)), add: 'none' };
}

function completionOf(option: OptionSpec): Completion {
  return option.oneOf === undefined ? (option.complete ?? { kind: 'none' }) : { kind: 'choice', words: option.oneOf };
}

async function byKind(kind: Completion, typed: string, names: (kind: Completion) => Promise<Candidate[]>): Promise<Answer> {
  switch (kind.kind) {
    case 'none':
      return nothing;
    case 'file':
    case 'dir':
    case 'command':
      return { candidates: [], add: kind.kind };
    case 'choice':
      return choose(typed, kind.words);
    case 'key=value':
      return { candidates: [], add: 'none', noSpace: true };
    default:
      return { candidates: startingWith(typed, await names(kind)), add: kind.kind === 'image' && typed.includes('/') ? 'file' : 'none' };
  }
}

/** "status=running" is offered once "status=" stands there; "status=" then is a candidate no more. */
function choose(typed: string, words: readonly string[]): Answer {
  const isValue = (word: string): boolean => /=./.test(word);
  const fitting = words.filter((word) => (isValue(word) ? typed.startsWith(word.slice(0, word.indexOf('=') + 1)) : word !== typed || !word.endsWith('=')));
  const candidates = startingWith(typed, fitting.map((word) => ({ word, help: '' })));
  return { candidates, add: 'none', ...(candidates.length > 0 && candidates.every(({ word }) => word.endsWith('=')) && { noSpace: true }) };
}

function startingWith(typed: string, candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter(({ word }) => word.startsWith(typed));
}
