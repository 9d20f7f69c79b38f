/** helpers/verbs.h: what the launcher must know of each verb. The format is told in the header's own comment. */
import { globalOptions } from '../globals.ts';
import type { CommandSpec } from '../spec.ts';

export function verbsHeader(specs: readonly CommandSpec[]): string {
  const verbs = specs
    .flatMap((spec) => [spec.path, ...(spec.aliases ?? [])].map((path) => ({ path: path.join(' '), needs: needsText(spec) })))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, needs }) => `  {${JSON.stringify(path)}, ${needs}},`);
  const valued = globalOptions
    .filter((option) => option.kind !== 'bool' && option.bare === undefined)
    .flatMap((option) => [`--${option.name}`, ...(option.aliases ?? []).map((alias) => `--${alias}`), ...(option.short === undefined ? [] : [`-${option.short}`])])
    .toSorted();
  return `/*
 * What each verb needs before Node starts. GENERATED from the command specs by \`npm run generate\`; never edited by hand.
 *
 * Format, for the generator:
 *   verbs[]                       one line for each path and each alias path of each command (hidden ones too), the words joined by
 *                                 one space, sorted by path; needs = NEED_ENTER | NEED_WORKER for \`userns\`, NEED_NETWORK for \`network\`,
 *                                 NEED_MAPS for \`refusalOk\` (it does not wait for the ids), NEED_LAYERS for \`layers\`, 0 for none
 *   global_options_with_value[]   each global option that takes the next word as its value: "--name", and "-x" for its short form.
 *                                 Options without a value, or that take one only by "=", are left out
 * Groups ("image") need no line: they are the first words of longer paths.
 */
#pragma once

enum { NEED_ENTER = 1, NEED_WORKER = 2, NEED_NETWORK = 4, NEED_MAPS = 8, NEED_LAYERS = 16 };

struct verb {
  const char *path;
  unsigned needs;
};

static const struct verb verbs[] = {
${verbs.join('\n')}
};

static const char *const global_options_with_value[] = {
${wrapList(valued.map((name) => JSON.stringify(name)))}
};
`;
}

function needsText(spec: CommandSpec): string {
  const needs = [
    ...(spec.needs.userns === 'enter' ? ['NEED_ENTER'] : spec.needs.userns === 'worker' ? ['NEED_WORKER'] : []),
    ...(spec.needs.network === true ? ['NEED_NETWORK'] : []),
    ...(spec.needs.refusalOk === true ? ['NEED_MAPS'] : []),
    ...(spec.needs.layers === true ? ['NEED_LAYERS'] : []),
  ];
  return needs.length === 0 ? '0' : needs.join(' | ');
}

/** Comma-separated, wrapped at 120 columns. */
function wrapList(words: readonly string[]): string {
  const lines: string[] = [];
  let line = ' ';
  for (const word of words) {
    if (line.length + word.length + 2 > 120) {
      lines.push(line);
      line = ' ';
    }
    line += ` ${word},`;
  }
  return [...lines, line].join('\n');
}
