/** Control characters of a hostile image must not reach the terminal through a table. */
import { goMap, isMap } from '../lib/template.ts';

// oxlint-disable-next-line no-control-regex -- these are what is meant
const controls = /[\u0000-\u001f\u007f-\u009f]+/g;

/** Each run of control characters, line feeds and tabs too, becomes a blank: none moves the cursor, colors a lie or begins a row. */
export function printable(text: string): string {
  return text.replace(controls, ' ');
}

/** The row as a template sees it, with printable() texts, also those in lists, in maps and from methods. */
export function printableRow(row: object): object {
  return new Proxy(row, {
    get: (target, name) => {
      // By the object itself: getters of a class reach private fields.
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return clean(value);
      return (...args: unknown[]): unknown => clean((value as (...values: unknown[]) => unknown).apply(target, args));
    },
  });
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value === 'object' && value !== null && isMap(value)) return goMap(Object.fromEntries((value instanceof Map ? [...(value as Map<unknown, unknown>)] : Object.entries(value)).map(([key, item]) => [printable(String(key)), clean(item)])));
  return value;
}
