/**
 * Moments and spans as Go's `time` shows them: what a template gets where Podman's field is a time.Time. Methods bear
 * Go's names, because templates call them by those.
 * @see https://pkg.go.dev/time
 */
import { formatDuration } from './units.ts';

/** Go's zero time, as JSON has it. */
export const zeroTime = '0001-01-01T00:00:00Z';

const zeroMs = Date.parse(zeroTime);
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

/** JSON gets the text it was made from; a text that is no RFC 3339 counts as the zero time. */
export class GoTime {
  readonly #text: string;
  readonly #ms: number;
  /** Of the second: 0 to 999999999. */
  readonly #nanoseconds: number;
  readonly #offsetMinutes: number;

  constructor(text: string) {
    this.#text = text;
    const [, fraction = '', zone = 'Z'] = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(Z|z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
    const ms = Date.parse(text);
    this.#ms = Number.isNaN(ms) ? zeroMs : ms;
    this.#nanoseconds = Number(fraction.padEnd(9, '0'));
    const [, sign = '', hours = '0', minutes = '0'] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? [];
    this.#offsetMinutes = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  }

  /** A Date whose UTC fields are those of the moment's own zone. */
  get #local(): Date {
    return new Date(this.#ms + this.#offsetMinutes * 60_000);
  }

  Year(): number { return this.#local.getUTCFullYear(); }
  Month(): string { return months[this.#local.getUTCMonth()] ?? ''; }
  Day(): number { return this.#local.getUTCDate(); }
  Hour(): number { return this.#local.getUTCHours(); }
  Minute(): number { return this.#local.getUTCMinutes(); }
  Second(): number { return this.#local.getUTCSeconds(); }
  Nanosecond(): number { return this.#nanoseconds; }
  Weekday(): string { return days[this.#local.getUTCDay()] ?? ''; }
  YearDay(): number { return Math.floor((Date.UTC(this.Year(), this.#local.getUTCMonth(), this.Day()) - Date.UTC(this.Year(), 0, 1)) / 86_400_000) + 1; }
  Unix(): number { return Math.floor(this.#ms / 1000); }
  UnixMilli(): number { return Math.floor(this.#ms); }
  UnixMicro(): number { return this.Unix() * 1_000_000 + Math.floor(this.#nanoseconds / 1000); }
  UnixNano(): bigint { return BigInt(this.Unix()) * 1_000_000_000n + BigInt(this.#nanoseconds); }
  IsZero(): boolean { return this.Unix() === zeroMs / 1000 && this.#nanoseconds === 0; }
  Before(other: GoTime): boolean { return this.UnixNano() < other.UnixNano(); }
  After(other: GoTime): boolean { return this.UnixNano() > other.UnixNano(); }
  Equal(other: GoTime): boolean { return this.UnixNano() === other.UnixNano(); }
  Sub(other: GoTime): GoDuration { return new GoDuration(this.UnixNano() - other.UnixNano()); }
  UTC(): GoTime { return this.#offsetMinutes === 0 ? this : new GoTime(`${new Date(this.Unix() * 1000).toISOString().slice(0, 19)}.${this.#digits(9)}Z`); }
  /** A container's record knows no zone but UTC, and so do we. */
  Local(): GoTime { return this.UTC(); }

  /** By Go's reference time, "Mon Jan 2 15:04:05 2006". */
  Format(layout: string): string {
    return layout.replace(/2006|January|Jan|Monday|Mon|MST|Z07:00|Z0700|-07:00|-0700|-07|[.,]0+(?!\d)|[.,]9+(?!\d)|002|0[1-6]|15|PM|pm|_2|[1-5]/g, (token) => this.#token(token));
  }

  String(): string { return this.toString(); }

  toString(): string {
    return this.Format(`2006-01-02 15:04:05.999999999 -0700 ${this.#offsetMinutes === 0 ? 'MST' : '-0700'}`);
  }

  toJSON(): string {
    return this.#text;
  }

  #token(token: string): string {
    const local = this.#local;
    const two = (value: number): string => String(value).padStart(2, '0');
    const hour12 = this.Hour() % 12 === 0 ? 12 : this.Hour() % 12;
    switch (token) {
      case '2006': return String(this.Year()).padStart(4, '0');
      case '06': return two(this.Year() % 100);
      case 'January': return this.Month();
      case 'Jan': return this.Month().slice(0, 3);
      case '01': return two(local.getUTCMonth() + 1);
      case '1': return String(local.getUTCMonth() + 1);
      case 'Monday': return this.Weekday();
      case 'Mon': return this.Weekday().slice(0, 3);
      case '002': return String(this.YearDay()).padStart(3, '0');
      case '02': return two(this.Day());
      case '_2': return String(this.Day()).padStart(2, ' ');
      case '2': return String(this.Day());
      case '15': return two(this.Hour());
      case '03': return two(hour12);
      case '3': return String(hour12);
      case '04': return two(this.Minute());
      case '4': return String(this.Minute());
      case '05': return two(this.Second());
      case '5': return String(this.Second());
      case 'PM': return this.Hour() < 12 ? 'AM' : 'PM';
      case 'pm': return this.Hour() < 12 ? 'am' : 'pm';
      case 'MST': return this.#offsetMinutes === 0 ? 'UTC' : this.#zone('');
      case 'Z07:00': return this.#offsetMinutes === 0 ? 'Z' : this.#zone(':');
      case 'Z0700': return this.#offsetMinutes === 0 ? 'Z' : this.#zone('');
      case '-07:00': return this.#zone(':');
      case '-0700': return this.#zone('');
      case '-07': return this.#zone('').slice(0, 3);
      default: return this.#fraction(token);
    }
  }

  /** ".000" gives just as many digits, ".999" at most as many, and nothing for none. */
  #fraction(token: string): string {
    const digits = this.#digits(token.length - 1);
    if (token.endsWith('0')) return `${token.charAt(0)}${digits}`;
    const short = digits.replace(/0+$/, '');
    return short === '' ? '' : `${token.charAt(0)}${short}`;
  }

  #digits(count: number): string {
    return String(this.#nanoseconds).padStart(9, '0').slice(0, count);
  }

  #zone(separator: string): string {
    const minutes = Math.abs(this.#offsetMinutes);
    return `${this.#offsetMinutes < 0 ? '-' : '+'}${String(Math.floor(minutes / 60)).padStart(2, '0')}${separator}${String(minutes % 60).padStart(2, '0')}`;
  }
}

export class GoDuration {
  readonly #nanoseconds: bigint;

  constructor(nanoseconds: bigint) {
    this.#nanoseconds = nanoseconds;
  }

  Nanoseconds(): bigint { return this.#nanoseconds; }
  Microseconds(): bigint { return this.#nanoseconds / 1000n; }
  Milliseconds(): bigint { return this.#nanoseconds / 1_000_000n; }
  Seconds(): number { return Number(this.#nanoseconds) / 1e9; }
  Minutes(): number { return this.Seconds() / 60; }
  Hours(): number { return this.Seconds() / 3600; }
  String(): string { return this.toString(); }

  toString(): string {
    return formatDuration(Number(this.Milliseconds()));
  }

  toJSON(): number {
    return Number(this.#nanoseconds);
  }
}
