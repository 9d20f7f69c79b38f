/** Go's fmt verbs for printf: %v %+v %s %q %d %x %X %o %b %c %U %t %f %e %g %T %%, with flags, width and precision. */
import { quote } from './quote.ts';
import { entriesOf, isMap, show, showNumber, typeName } from './values.ts';

interface Spec { flags: string; width: number | undefined; precision: number | undefined; verb: string }

/** @see fmt "Format errors" for what a wrong verb, a missing and an extra argument print */
export function sprintf(format: string, args: readonly unknown[]): string {
  let next = 0;
  const star = (text: string | undefined): number | undefined => {
    if (text !== '*') return text === undefined || text === '' ? undefined : Number(text);
    const value = args[next++];
    return typeof value === 'number' ? value : undefined;
  };
  const out = format.replace(/%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?([^]|$)/gu, (_, flags: string, width: string | undefined, precision: string | undefined, verb: string) => {
    const spec: Spec = { flags, width: star(width), precision: precision === undefined ? undefined : (star(precision) ?? 0), verb };
    if (verb === '%') return '%';
    if (verb === '') return '%!(NOVERB)';
    if (next >= args.length) return `%!${verb}(MISSING)`;
    return one(spec, args[next++]);
  });
  if (next >= args.length) return out;
  return `${out}%!(EXTRA ${args.slice(next).map((value) => `${typeName(value)}=${show(value)}`).join(', ')})`;
}

function one(spec: Spec, value: unknown): string {
  if (spec.width !== undefined && spec.width < 0) return one({ ...spec, width: -spec.width, flags: `${spec.flags}-` }, value);
  if (spec.verb === 'T') return pad(typeName(value), spec);
  if (spec.verb === 'v') return typeof value === 'number' ? number({ ...spec, verb: Number.isInteger(value) ? 'd' : 'g' }, value) : pad(show(value, spec.flags.includes('+')), spec);
  // Other verbs go into lists and maps, element by element.
  if (Array.isArray(value)) return `[${value.map((item) => one(spec, item)).join(' ')}]`;
  if (typeof value === 'object' && value !== null && isMap(value)) return `map[${entriesOf(value).map(([key, item]) => `${one(spec, key)}:${one(spec, item)}`).join(' ')}]`;
  if (typeof value === 'number' || typeof value === 'bigint') return number(spec, value);
  if (typeof value === 'boolean') return spec.verb === 't' ? pad(String(value), spec) : bad(spec, value);
  if (value === undefined || value === null) return `%!${spec.verb}(<nil>)`;
  return text(spec, show(value), value);
}

function text(spec: Spec, shown: string, value: unknown): string {
  const cut = spec.precision === undefined ? shown : [...shown].slice(0, spec.precision).join('');
  switch (spec.verb) {
    case 's':
      return pad(cut, spec);
    case 'q':
      return pad(spec.flags.includes('#') && !/[`\p{Cc}]/u.test(cut) ? `\`${cut}\`` : quote(cut), spec);
    case 'x':
    case 'X': {
      const hex = Buffer.from(cut).toString('hex').replace(/../g, spec.flags.includes(' ') ? '$& ' : '$&').trimEnd();
      return pad(spec.verb === 'X' ? hex.toUpperCase() : hex, spec);
    }
    default:
      return bad(spec, value);
  }
}

const bases: Readonly<Record<string, readonly [number, string]>> = { d: [10, ''], x: [16, '0x'], X: [16, '0X'], o: [8, '0'], b: [2, '0b'] };

function number(spec: Spec, value: number | bigint): string {
  const [base, prefix] = bases[spec.verb] ?? [];
  const whole = typeof value === 'bigint' || Number.isInteger(value);
  if (base !== undefined && whole) {
    const digits = (value < 0 ? -value : value).toString(base).padStart(spec.precision ?? 0, '0');
    const body = (spec.flags.includes('#') ? prefix : '') + (spec.verb === 'X' ? digits.toUpperCase() : digits);
    return padNumber(spec, value < 0, body);
  }
  if (whole && (spec.verb === 'c' || spec.verb === 'q' || spec.verb === 'U')) return character(spec, Number(value));
  const float = Number(value);
  switch (spec.verb) {
    case 'f':
    case 'F':
      return padNumber(spec, float < 0, Math.abs(float).toFixed(spec.precision ?? 6));
    case 'e':
    case 'E': {
      const shown = twoDigits(Math.abs(float).toExponential(spec.precision ?? 6));
      return padNumber(spec, float < 0, spec.verb === 'E' ? shown.toUpperCase() : shown);
    }
    case 'g':
    case 'G':
      return padNumber(spec, float < 0, general(Math.abs(float), spec.precision));
    default:
      return bad(spec, value);
  }
}

/** %g: the shortest form, or that many significant digits, in exponent form where that is shorter. */
function general(magnitude: number, precision: number | undefined): string {
  if (precision === undefined) return showNumber(magnitude);
  const digits = Math.max(precision, 1);
  const exponent = magnitude === 0 ? 0 : Number(/e(.*)$/.exec(magnitude.toExponential(digits - 1))?.[1] ?? 0);
  if (exponent < -4 || exponent >= digits) return twoDigits(magnitude.toExponential(digits - 1).replace(/\.?0+e/, 'e'));
  return String(Number(magnitude.toPrecision(digits)));
}

/** Go writes exponents with two digits at least. */
function twoDigits(shown: string): string {
  return shown.replace(/e([+-])(\d)$/, 'e$10$2');
}

function character(spec: Spec, code: number): string {
  const shown = code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\uFFFD';
  if (spec.verb === 'U') return pad(`U+${code.toString(16).toUpperCase().padStart(4, '0')}`, spec);
  return pad(spec.verb === 'q' ? `'${shown === '"' ? '"' : quote(shown).slice(1, -1).replace("'", "\\'")}'` : shown, spec);
}

function padNumber(spec: Spec, negative: boolean, body: string): string {
  const sign = negative ? '-' : spec.flags.includes('+') ? '+' : spec.flags.includes(' ') ? ' ' : '';
  if (!spec.flags.includes('0') || spec.flags.includes('-')) return pad(sign + body, spec);
  return sign + body.padStart((spec.width ?? 0) - sign.length, '0');
}

/** Width counts characters, not bytes, as in Go. */
function pad(shown: string, spec: Spec): string {
  const missing = (spec.width ?? 0) - [...shown].length;
  if (missing <= 0) return shown;
  return spec.flags.includes('-') ? shown + ' '.repeat(missing) : ' '.repeat(missing) + shown;
}

function bad(spec: Spec, value: unknown): string {
  return `%!${spec.verb}(${typeName(value)}=${show(value)})`;
}
