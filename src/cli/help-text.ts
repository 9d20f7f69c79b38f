/** The text of help, pure: spec and style in, text out. The man pages and the tests use the same pieces. */
import type { ArgSpec, CommandSpec, OptionSpec } from './spec.ts';

export interface HelpStyle {
  /** Columns to wrap at; Infinity does not wrap. */
  width: number;
  bold: boolean;
}

export interface GroupHelp {
  path: readonly string[];
  summary: string;
  members: readonly { name: string; summary: string }[];
  options: readonly OptionSpec[];
}

export function renderGroup(group: GroupHelp, style: HelpStyle): string {
  const name = ['skiff', ...group.path].join(' ');
  const column = Math.max(...group.members.map((member) => member.name.length), 0) + 2;
  const rows = group.members.map((member) => hanging(`  ${member.name.padEnd(column)}`, member.summary, style.width));
  const parts = [
    `${group.summary}\n`,
    section('Usage', [`  ${name} ${group.options.length > 0 ? '[options] ' : ''}[command]`], style),
    section('Available Commands', rows, style),
  ];
  if (group.options.length > 0) parts.push(section('Options', optionRows(group.options, style.width), style));
  return `${parts.join('\n')}`;
}

export function renderCommand(spec: CommandSpec, style: HelpStyle): string {
  const parts = [`${spec.summary}\n`];
  if ((spec.description ?? []).length > 0) {
    const paragraphs = (spec.description ?? []).map((paragraph) => hanging('  ', paragraph, style.width));
    parts.push(section('Description', [paragraphs.join('\n\n')], style));
  }
  parts.push(section('Usage', [`  ${usageLine(spec)}`], style));
  if ((spec.aliases ?? []).length > 0) parts.push(section('Aliases', [`  ${(spec.aliases ?? []).map((path) => `skiff ${path.join(' ')}`).join(', ')}`], style));
  if ((spec.examples ?? []).length > 0) {
    parts.push(section('Examples', (spec.examples ?? []).map(({ text, command }) => `  ${text}\n    ${command}`), style));
  }
  const options = visible(spec.options ?? []);
  if (options.length > 0) parts.push(section('Options', optionRows(options, style.width), style));
  return parts.join('\n');
}

/** "skiff run [options] IMAGE [COMMAND [ARG...]]" */
export function usageLine(spec: CommandSpec): string {
  return ['skiff', ...spec.path, ...(visible(spec.options ?? []).length > 0 ? ['[options]'] : []), ...argWords(spec.args ?? [])].join(' ');
}

/** Required ones bare, the optional ones nested, as each needs the one before it. */
function argWords(args: readonly ArgSpec[]): string[] {
  const words: string[] = [];
  let open = 0;
  for (const arg of args) {
    if (arg.required === true) words.push(arg.name, ...(arg.rest === true ? [`[${arg.name}...]`] : []));
    else {
      words.push(`[${arg.name}${arg.rest === true ? '...' : ''}`);
      open++;
    }
  }
  if (open > 0) words.push(`${words.pop() ?? ''}${']'.repeat(open)}`);
  return words;
}

export function visible(options: readonly OptionSpec[]): OptionSpec[] {
  return options.filter((option) => option.hidden !== true).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** What stands for the value: "KEY=VALUE", "int"; '' for a bool. */
export function valueName(option: OptionSpec): string {
  if (option.kind === 'bool') return '';
  return option.value ?? (option.kind === 'list' ? 'strings' : option.kind);
}

/** "-p, --publish PORT" */
export function flagText(option: OptionSpec): string {
  const value = valueName(option);
  const shown = value === '' ? '' : option.bare === undefined ? ` ${value}` : `[=${value}]`;
  return `${option.short === undefined ? '    ' : `-${option.short}, `}--${option.name}${shown}`;
}

/** The help line with what it takes and what holds without it. */
export function optionHelp(option: OptionSpec): string {
  const choices = option.oneOf === undefined ? '' : `: ${option.oneOf.join(', ')}`;
  const fallback = option.default === undefined ? '' : ` (default ${option.kind === 'string' || option.kind === 'list' ? JSON.stringify(option.default) : option.default})`;
  return `${option.help}${choices}${fallback}`;
}

/** Flags wider than this get a line of their own, lest one long flag push all help to the right edge. */
const widestFlag = 34;

function optionRows(options: readonly OptionSpec[], width: number): string[] {
  const flags = options.map(flagText);
  const column = Math.min(Math.max(...flags.map((flag) => flag.length)), widestFlag) + 3;
  return options.map((option, i) => {
    const flag = flags[i] ?? '';
    const text = optionHelp(option);
    if (flag.length <= widestFlag || width === Number.POSITIVE_INFINITY) return hanging(`  ${flag.padEnd(column)}${flag.length >= column ? ' ' : ''}`, text, width, column + 2);
    return `  ${flag}\n${hanging(' '.repeat(column + 2), text, width)}`;
  });
}

/** `first` and then `text`, wrapped at `width` with the following lines indented below the first. */
export function hanging(first: string, text: string, width: number, indent = first.length): string {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = ' '.repeat(indent) + word;
    } else {
      line += empty ? word : ` ${word}`;
    }
    empty = false;
  }
  return [...lines, line].join('\n');
}

function section(title: string, lines: readonly string[], style: HelpStyle): string {
  return `${style.bold ? `\u001b[1m${title}:\u001b[22m` : `${title}:`}\n${lines.join('\n')}\n`;
}
