/**
 * From the words of the command line to an exit code: global options, the verb, its options, its handler; errors are
 * printed and turned into exit codes here and nowhere else.
 */
import { session } from '../host/session.ts';
import { awaitMaps } from '../host/userns/mapped-later.ts';
import { SkiffError, type ErrorCode } from '../lib/errors.ts';
import { log, setLogLevel } from '../lib/log.ts';
import { version } from '../lib/version.ts';
import { parseLine, type Grammar, type ParsedLine } from './argv.ts';
import type { CommandEntry } from './commands/entry.ts';
import { commands } from './commands/index.ts';
import { globalOptions, readGlobals, splitGlobals, versionOption } from './globals.ts';
import { printLine } from './output.ts';
import { reportFailure } from './report.ts';
import type { ArgSpec, CommandSpec, GlobalOptions, OptionValues } from './spec.ts';
import { nearest } from './suggest.ts';
import { buildTree, runLeaf, type Group } from './tree.ts';
import { UsageError } from './usage-error.ts';

/** Runs one command line (without the program's name). Never throws; prints errors itself. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) return printVersion();
    if (process.env['SKIFF_LOG']) setLogLevel(process.env['SKIFF_LOG']);
    return await carryOut(argv);
  } catch (error) {
    return await reportFailure(error);
  }
}

/** Takes away, whatever comes of the command, the layers that the launcher began for it and that it had no use for. */
async function carryOut(argv: readonly string[]): Promise<number> {
  try {
    return await dispatch(argv);
  } finally {
    if (session().layersAhead !== undefined) (await import('../storage/ahead.ts')).discardAhead();
  }
}

function printVersion(): number {
  printLine(`skiff version ${version}`);
  return 0;
}

/** Walks the tree word by word; each level's options are parsed strictly, and a group takes only the global ones. */
async function dispatch(argv: readonly string[]): Promise<number> {
  let globals: GlobalOptions = {};
  let node: Group = buildTree(commands, (entry, rawArgs) => invoke(entry, rawArgs, globals));
  let words = argv;
  for (;;) {
    const command = ['skiff', ...node.path].join(' ');
    const atRoot = node.path.length === 0;
    const line = parseLine(words, { options: atRoot ? [...globalOptions, versionOption] : globalOptions, stopAtFirst: true, command });
    if (line.options['version'] === true) return printVersion();
    if (line.help) return (await import('./help.ts')).printGroupHelp(node.path);
    globals = readGlobals(line.options, globals);
    const word = line.args[0];
    if (word === undefined) return missingCommand(node, command);
    if (atRoot && word === 'help') {
      const topic = parseLine(line.args.slice(1), { options: [], command: 'skiff help' });
      return (await import('./help.ts')).printTopic(topic.help ? [] : topic.args);
    }
    const next = node.find(word);
    if (next === undefined) throw await unknownCommand(node, word, command);
    words = line.args.slice(1);
    if (next.kind === 'group') {
      node = next;
      continue;
    }
    return runLeaf(next, words);
  }
}

/** Parses a verb's own words and runs its handler. */
async function invoke(entry: CommandEntry, rawArgs: readonly string[], before: GlobalOptions): Promise<number> {
  const spec = await entry.load();
  const command = ['skiff', ...spec.path].join(' ');
  const grammar = { options: [...(spec.options ?? []), ...globalOptions], stopAtFirst: spec.stopAtFirst === true, command };
  const line = await parseVerb(rawArgs, grammar);
  if (line.help) return (await import('./help.ts')).printCommandHelp(spec);
  const { own, globals: after } = splitGlobals(line.options, spec.options ?? []);
  const globals = readGlobals(after, before);
  if (globals.logLevel !== undefined) setLogLevel(globals.logLevel);
  checkArgs(spec.args ?? [], line.args, command);
  checkOptions(spec, own, line.args, command);
  entered(spec);
  await tellSingleID();
  const { setGlobals } = await import('../host/config/index.ts');
  setGlobals(globals);
  const { run } = await spec.run();
  return (await run({ options: own, args: line.args, globals, spec })) ?? 0;
}

/** Parses; where the peer has the option that we lack, the hint says why we lack it. */
async function parseVerb(rawArgs: readonly string[], grammar: Grammar): Promise<ParsedLine> {
  try {
    return parseLine(rawArgs, grammar);
  } catch (error) {
    if (!(error instanceof UsageError) || error.unknownOption === undefined) throw error;
    const { peerGap } = await import('./peer-gaps.ts');
    const reason = peerGap(grammar.command.replace(/^skiff /, ''), error.unknownOption);
    if (reason === undefined) throw error;
    throw new UsageError(error.message, error.command, { hint: `Podman's --${error.unknownOption} is not supported: ${reason}`, cause: error });
  }
}

/** Where the launcher could not make the namespace that the verb needs, its reason is the error; where the ids are not mapped yet, waits. */
function entered(spec: CommandSpec): void {
  if (spec.needs.userns === 'none' || spec.needs.refusalOk === true) return;
  const { userns } = session();
  if (userns.kind === 'refused') throw new SkiffError(userns.code as ErrorCode, userns.message, { hint: userns.hint });
  awaitMaps();
}

/** Says once what is missing where only the user's own id is mapped: most images want more. */
async function tellSingleID(): Promise<void> {
  const { userns } = session();
  if (userns.kind !== 'entered' || !userns.singleID) return;
  const notice = (await import('../host/userns/single-id.ts')).singleIDNotice();
  if (notice !== undefined) log.warn(notice);
}

/** The spec's cross-option checks; what they refuse points to the help of the command. */
function checkOptions(spec: CommandSpec, options: OptionValues, args: readonly string[], command: string): void {
  try {
    for (const check of spec.checks ?? []) check(options, args);
  } catch (error) {
    if (error instanceof SkiffError && error.code === 'USAGE') throw new UsageError(error.message, command, { hint: error.hint, cause: error });
    throw error;
  }
}

function checkArgs(specs: readonly ArgSpec[], args: readonly string[], command: string): void {
  const required = specs.filter((arg) => arg.required === true).length;
  if (specs.length === 0 && args.length > 0) throw new UsageError(`\`${command}\` takes no arguments`, command);
  if (args.length < required) throw new UsageError(`requires at least ${required} arg(s), only received ${args.length}`, command);
  if (specs.at(-1)?.rest !== true && args.length > specs.length) {
    throw new UsageError(`accepts at most ${specs.length} arg(s), received ${args.length}`, command);
  }
}

/** As Podman: the help on stdout, for one who looks around, and the mistake on stderr, for a script that lost a word. */
async function missingCommand(node: Group, command: string): Promise<never> {
  (await import('./help.ts')).printGroupHelp(node.path);
  throw new SkiffError('USAGE', `missing command '${command} COMMAND'`);
}

async function unknownCommand(node: Group, word: string, command: string): Promise<UsageError> {
  const gap = (await import('./peer-gaps.ts')).peerVerbGap(node.path, word);
  if (gap !== undefined) return new UsageError(`\`${command} ${word}\`: ${gap}`, command);
  const near = nearest(word, node.words());
  return new UsageError(`unrecognized command \`${command} ${word}\``, command, { hint: near.length === 0 ? undefined : `did you mean ${near.join(' or ')}?` });
}
