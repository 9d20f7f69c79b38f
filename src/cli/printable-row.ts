/** printable() for the rows of tables: apart from it, because this loads the templates, and a pull needs none. */
import { goMap, isMap } from '../lib/template.ts';
import { printable } from './printable.ts';

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
