/** One option value from its text, by kind. Each reader throws USAGE with the cause alone; argv.ts names the flag. */
import { SkiffError } from '../lib/errors.ts';
import { parseBytes, parseDuration } from '../lib/units.ts';
import type { OptionSpec } from './spec.ts';

const bools: Readonly<Record<string, boolean>> = {
  1: true, t: true, T: true, true: true, TRUE: true, True: true,
  0: false, f: false, F: false, false: false, FALSE: false, False: false,
};

/** What Go's strconv.ParseBool takes. @throws USAGE */
export function readBool(text: string): boolean {
  const value = Object.hasOwn(bools, text) ? bools[text] : undefined;
  if (value === undefined) throw new SkiffError('USAGE', 'want true or false');
  return value;
}

/** @throws USAGE */
export function readValue(option: OptionSpec, text: string): string | number {
  switch (option.kind) {
    case 'int':
      if (!/^[+-]?\d+$/.test(text)) throw new SkiffError('USAGE', 'not a whole number');
      return bounded(option, Number(text), String);
    case 'float':
      if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) throw new SkiffError('USAGE', 'not a number');
      return bounded(option, Number(text), String);
    case 'duration':
      return bounded(option, parseDuration(text), (milliseconds) => `${milliseconds / 1000}s`);
    case 'bytes':
      return bounded(option, text === '-1' && option.min === -1 ? -1 : parseBytes(text), String);
    default:
      if (option.oneOf !== undefined && !option.oneOf.includes(text)) throw new SkiffError('USAGE', `want one of ${option.oneOf.join(', ')}`);
      return text;
  }
}

function bounded(option: OptionSpec, value: number, show: (value: number) => string): number {
  if (!Number.isFinite(value) || (option.kind !== 'float' && Math.abs(value) > Number.MAX_SAFE_INTEGER)) throw new SkiffError('USAGE', 'out of range');
  if (option.min !== undefined && value < option.min) throw new SkiffError('USAGE', `must be at least ${show(option.min)}`);
  if (option.max !== undefined && value > option.max) throw new SkiffError('USAGE', `must be at most ${show(option.max)}`);
  return value;
}

/** One CSV record, as pflag's StringSlice reads it: fields in double quotes keep their commas, "" in them is one quote. @throws USAGE */
export function splitCommas(text: string): string[] {
  if (text === '') return [];
  if (!text.includes('"')) return text.split(',');
  const fields: string[] = [];
  let rest = text;
  for (;;) {
    const match = /^(?:"((?:[^"]|"")*)"|([^",]*))(?:,|$)/.exec(rest);
    if (match === null) throw new SkiffError('USAGE', 'a double quote in the middle of a field');
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[0].length === rest.length && !rest.endsWith(',')) return fields;
    rest = rest.slice(match[0].length);
    if (rest === '') return [...fields, ''];
  }
}
