/** Options of every listing and every inspect. */
import type { OptionSpec } from '../spec.ts';

/** `--format`: JSON, a Go template, or "table TEMPLATE". */
export function formatOption(help = 'Print as JSON or by a Go template', short?: string): OptionSpec {
  return { name: 'format', ...(short === undefined ? {} : { short }), kind: 'string', value: 'FORMAT', help, complete: { kind: 'choice', words: ['json', 'table'] } };
}

export const noTruncOption: OptionSpec = { name: 'no-trunc', kind: 'bool', help: 'Do not shorten ids and commands' };

export function noHeadingOption(short?: string): OptionSpec {
  return { name: 'noheading', ...(short === undefined ? {} : { short }), kind: 'bool', help: 'Do not print column headings' };
}

export function quietOption(help = 'Print only ids'): OptionSpec {
  return { name: 'quiet', short: 'q', kind: 'bool', help };
}

export function sortOption(keys: readonly string[], fallback: string): OptionSpec {
  return { name: 'sort', kind: 'string', value: 'KEY', help: 'Sort by', oneOf: keys, default: fallback };
}
