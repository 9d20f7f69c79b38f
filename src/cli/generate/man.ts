/**
 * Manual pages from the specs, in the man(7) macros: skiff.1 and one page for each command, skiff-container-run's being
 * skiff-run.1, with its aliases as links (.so), as Podman names them.
 */
import { version } from '../../lib/version.ts';
import { groups } from '../commands/groups.ts';
import { globalOptions, versionOption } from '../globals.ts';
import { optionHelp, usageLine, valueName, visible } from '../help-text.ts';
import type { CommandSpec, OptionSpec } from '../spec.ts';

/** File name -> text, of all visible commands. */
export function manPages(specs: readonly CommandSpec[]): Map<string, string> {
  const shown = specs.filter((spec) => spec.hidden !== true);
  const pages = new Map<string, string>([['skiff.1', mainPage(shown)]]);
  for (const spec of shown) {
    const name = pageName(spec.path);
    pages.set(`${name}.1`, commandPage(spec, shown));
    for (const alias of spec.aliases ?? []) pages.set(`${pageName(alias)}.1`, `.so man1/${name}.1\n`);
  }
  return pages;
}

function pageName(path: readonly string[]): string {
  return ['skiff', ...path].join('-');
}

function mainPage(specs: readonly CommandSpec[]): string {
  const rows = specs.map((spec) => tagged(`\\fBskiff\\-${escape(spec.path.join('-'))}\\fR(1)`, escape(spec.summary)));
  return [
    head('skiff'),
    section('NAME', 'skiff \\- run containers without root and without a daemon'),
    section('SYNOPSIS', '.B skiff\n[\\fIoptions\\fR] \\fIcommand\\fR [\\fIargument\\fR ...]'),
    section('DESCRIPTION', text([
      'skiff runs containers as an ordinary user. It has the command line of Podman and keeps its images and containers in the on-disk layout of Docker.',
      'Nothing of it stays alive but one small monitor for each running container.',
    ])),
    section('OPTIONS', options([...globalOptions, versionOption])),
    section('COMMANDS', rows.join('\n')),
    section('GROUPS', groups.filter((group) => specs.some((spec) => [spec.path, ...(spec.aliases ?? [])].some((path) => path[0] === group.path[0] && path.length > 1)))
      .map((group) => tagged(`\\fBskiff ${escape(group.path.join(' '))}\\fR`, escape(group.summary))).join('\n')),
    section('EXIT STATUS', exitStatus),
    section('ENVIRONMENT', [
      tagged('\\fBSKIFF_ROOT\\fR', 'Store of images and containers, where \\fB\\-\\-root\\fR is not given.'),
      tagged('\\fBSKIFF_LOG\\fR', 'Log level, where \\fB\\-\\-log\\-level\\fR is not given.'),
      tagged('\\fBNO_COLOR\\fR', 'Where set, help has no bold type.'),
    ].join('\n')),
    section('FILES', [
      tagged('\\fI~/.local/share/skiff\\fR', 'Images, containers and volumes.'),
      tagged('\\fI$XDG_RUNTIME_DIR/skiff\\fR', 'What does not outlive a boot.'),
      tagged('\\fI~/.config/containers/containers.conf\\fR', 'Settings, shared with Podman.'),
    ].join('\n')),
  ].join('');
}

const exitStatus = [
  tagged('\\fB125\\fR', 'skiff itself failed, usage included.'),
  tagged('\\fB126\\fR', 'The command in the container cannot be invoked, or the network it asks for cannot be had.'),
  tagged('\\fB127\\fR', 'The command in the container was not found.'),
  tagged('other', 'The exit status of the contained command; 128+n where signal n ended it.'),
].join('\n');

function commandPage(spec: CommandSpec, all: readonly CommandSpec[]): string {
  const name = pageName(spec.path);
  const [, ...usage] = usageLine(spec).split(' ');
  const parts = [
    head(name),
    section('NAME', `${escape(name)} \\- ${escape(lowerFirst(spec.summary))}`),
    section('SYNOPSIS', `\\fBskiff ${escape(spec.path.join(' '))}\\fR ${escape(usage.slice(spec.path.length).join(' '))}`.trimEnd()),
    section('DESCRIPTION', text((spec.description ?? []).length > 0 ? (spec.description ?? []) : [`${spec.summary}.`])),
  ];
  if ((spec.aliases ?? []).length > 0) parts.push(section('ALIASES', escape((spec.aliases ?? []).map((path) => `skiff ${path.join(' ')}`).join(', '))));
  const shown = visible(spec.options ?? []);
  if (shown.length > 0) parts.push(section('OPTIONS', options(shown)));
  if ((spec.examples ?? []).length > 0) {
    parts.push(section('EXAMPLES', (spec.examples ?? []).map((example) => `${escape(example.text)}:\n.PP\n.RS 4\n.EX\n${escape(example.command)}\n.EE\n.RE`).join('\n.PP\n')));
  }
  const others = all.filter((other) => other !== spec && other.path.length > 1 && other.path[0] === spec.path[0]).map((other) => pageName(other.path));
  parts.push(section('SEE ALSO', ['skiff', ...others].map((page) => `\\fB${escape(page)}\\fR(1)`).join(',\n')));
  return parts.join('');
}

/** No date: a page made twice from the same specs is the same page. */
function head(name: string): string {
  return `.\\" Made by "npm run generate"; do not edit.\n.TH ${escape(name).toUpperCase()} 1 "" "skiff ${version}" "User Commands"\n.nh\n.ad l\n`;
}

function section(title: string, body: string): string {
  return `.SH ${title.includes(' ') ? `"${title}"` : title}\n${body}\n`;
}

function text(paragraphs: readonly string[]): string {
  return paragraphs.map((paragraph) => escape(paragraph)).join('\n.PP\n');
}

function tagged(tag: string, body: string): string {
  return `.TP\n${tag}\n${body}`;
}

function options(list: readonly OptionSpec[]): string {
  return visible(list).map((option) => {
    const names = [...(option.short === undefined ? [] : [`-${option.short}`]), `--${option.name}`].map((name) => `\\fB${escape(name)}\\fR`).join(', ');
    const value = valueName(option);
    const shown = value === '' ? '' : option.bare === undefined ? ` \\fI${escape(value)}\\fR` : `[=\\fI${escape(value)}\\fR]`;
    return tagged(names + shown, `${escape(optionHelp(option))}.`);
  }).join('\n');
}

/** Text for roff: backslashes, dashes (as minus signs, to be copied), quotes, and lines that would begin a request. */
function escape(plain: string): string {
  return plain
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll('`', '\\(ga')
    .replace(/[^\0-\x7F]/gu, (character) => `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`)
    .replace(/^\./gm, '\\&.');
}

function lowerFirst(summary: string): string {
  return /^[A-Z][a-z]/.test(summary) ? summary.charAt(0).toLowerCase() + summary.slice(1) : summary;
}
