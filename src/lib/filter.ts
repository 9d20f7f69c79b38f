/**
 * `--filter KEY=VALUE` and `KEY!=VALUE`, in the way of Podman and Docker: values of one key are alternatives (labels must all
 * hold), different keys must all hold.
 */
import { SkiffError } from './errors.ts';
import { tryParseDuration } from './units.ts';

export interface Filter { key: string; negated: boolean; value: string }

/** @throws USAGE for text without "=" */
export function parseFilter(text: string): Filter {
  const match = /^([^=!]+)(!?)=([^]*)$/.exec(text);
  if (match === null) throw new SkiffError('USAGE', `invalid filter ${JSON.stringify(text)}: must be in the form "filter=value" or "filter!=value"`);
  return { key: (match[1] ?? '').trim(), negated: match[2] === '!', value: match[3] ?? '' };
}

/** Gives the test for one filter, or undefined for a key it does not know. */
export type FilterReader<T> = (filter: Filter) => ((item: T) => boolean) | undefined;

/** One predicate from all filters. @throws USAGE for an unknown key, naming it, and whatever `read` throws */
export function combineFilters<T>(texts: readonly string[], read: FilterReader<T>, what: string): (item: T) => boolean {
  const groups = new Map<string, ((item: T) => boolean)[]>();
  for (const text of texts) {
    const filter = parseFilter(text);
    const test = read(filter);
    if (test === undefined) throw new SkiffError('USAGE', `unsupported ${what} filter ${JSON.stringify(filter.negated ? `${filter.key}!` : filter.key)}`);
    // Labels and negations narrow each other: each is a group of its own.
    const group = filter.key === 'label' || filter.negated ? text : filter.key;
    groups.set(group, [...(groups.get(group) ?? []), filter.negated ? (item: T) => !test(item) : test]);
  }
  const alternatives = [...groups.values()];
  return (item) => alternatives.every((tests) => tests.some((test) => test(item)));
}

/** "KEY" or "KEY=VALUE" against labels. */
export function hasLabel(labels: Readonly<Record<string, string>>, wish: string): boolean {
  const equals = wish.indexOf('=');
  if (equals < 0) return Object.hasOwn(labels, wish);
  const key = wish.slice(0, equals);
  return Object.hasOwn(labels, key) && labels[key] === wish.slice(equals + 1);
}

/**
 * A moment as options name it: RFC 3339, unix seconds, or a duration. Durations count back from now; those of
 * `logs --until` count forward, as in Podman. Milliseconds. @throws USAGE
 */
export function parseMoment(text: string, nowMs: number, durations: 'back' | 'forward' = 'back'): number {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  const duration = tryParseDuration(text);
  if (duration !== undefined) return durations === 'back' ? nowMs - duration : nowMs + duration;
  const date = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(date)) throw new SkiffError('USAGE', `invalid time ${JSON.stringify(text)}: want RFC 3339 (2026-01-02T03:04:05Z), unix seconds, or a duration like "10m"`);
  return date;
}
