/**
 * Sizes and times as people write them and as Docker and Podman print them.
 *
 * @see docker/go-units size.go and duration.go for the forms; Go's time.ParseDuration for durations
 */
import { SkiffError } from './errors.ts';

const decimalUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];

export interface SizeFormat {
  /** Significant digits. Docker and Podman: 4 for containers, 3 for images. */
  digits?: number;
  /** Between number and unit. Podman puts a space in `images`, Docker none. */
  separator?: string;
}

/** Powers of 1000: 1234567 -> "1.235MB" (or "1.23 MB" with 3 digits and a space). */
export function humanSize(bytes: number, { digits = 4, separator = '' }: SizeFormat = {}): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < decimalUnits.length - 1) {
    value /= 1000;
    unit++;
  }
  // Number() drops the trailing zeros, as C's %g does.
  return `${Number(value.toPrecision(digits))}${separator}${decimalUnits[unit] ?? ''}`;
}

const bytesPattern = /^(\d+(?:\.\d*)?|\.\d+)\s*([kmgtp]?)(?:i?b)?$/i;
const powerOfUnit: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/** "64m", "1.5GiB", "512" -> bytes; units are powers of 1024 whatever their spelling, as in Docker's --memory. @throws USAGE */
export function parseBytes(text: string): number {
  const match = bytesPattern.exec(text);
  if (match === null) throw new SkiffError('USAGE', `invalid size ${JSON.stringify(text)}: want a number with an optional unit b, k, m, g, t or p`);
  const bytes = Math.floor(Number(match[1]) * 1024 ** (powerOfUnit[(match[2] ?? '').toLowerCase()] ?? 0));
  if (!Number.isSafeInteger(bytes)) throw new SkiffError('USAGE', `invalid size ${JSON.stringify(text)}: too large`);
  return bytes;
}

const millisecondsOf: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, 'µs': 1e-3, 'μs': 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Go's duration syntax, "1h30m", "1.5s", "-2m"; a bare number is seconds. Milliseconds. @throws USAGE */
export function parseDuration(text: string): number {
  const milliseconds = tryParseDuration(text);
  if (milliseconds === undefined) throw new SkiffError('USAGE', `invalid duration ${JSON.stringify(text)}: want forms like "90s", "1m30s" or a number of seconds`);
  return milliseconds;
}

/** As parseDuration, but undefined where the text is no duration. */
export function tryParseDuration(text: string): number | undefined {
  const [, sign, body] = /^([+-]?)(.+)$/.exec(text) ?? [];
  if (body === undefined) return undefined;
  const direction = sign === '-' ? -1 : 1;
  if (/^\d+(?:\.\d+)?$/.test(body)) return direction * Number(body) * 1000;
  if (!/^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(body)) return undefined;
  let total = 0;
  for (const [, number, unit] of body.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) total += Number(number) * (millisecondsOf[unit ?? ''] ?? 0);
  return direction * total;
}

/** Go's Duration.String() for whole milliseconds: 90000 -> "1m30s", 1500 -> "1.5s", 0 -> "0s". */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 0) return `-${formatDuration(-milliseconds)}`;
  if (milliseconds === 0) return '0s';
  if (milliseconds < 1000) return `${milliseconds}ms`;
  const hours = Math.floor(milliseconds / 3_600_000);
  const minutes = Math.floor((milliseconds % 3_600_000) / 60_000);
  const seconds = `${Number(((milliseconds % 60_000) / 1000).toFixed(3))}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

/** How long ago, roughly, as Docker and Podman say it: "Less than a second", "About a minute", "3 hours", "2 weeks". */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(milliseconds / 3_600_000 + 0.5);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(milliseconds / 3_600_000 / 24 / 365)} years`;
}
