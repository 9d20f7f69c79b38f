/** Typed access to parsed options. */
import type { OptionValues } from '../../spec.ts';

export function flag(options: OptionValues, name: string): boolean {
  return options[name] === true;
}
export function text(options: OptionValues, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}
export function number(options: OptionValues, name: string): number | undefined {
  const value = options[name];
  return typeof value === 'number' ? value : undefined;
}
export function list(options: OptionValues, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

export function emptyToUndefined(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

/** `{[key]: value}` unless the value is undefined: for exact optional members. */
export function given<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
