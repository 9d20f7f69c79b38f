/** One entry of a container's log, and how the two file formats write it. Pure. */

export interface LogEntry {
  stream: 'stdout' | 'stderr';
  /** RFC 3339 with up to nanoseconds, UTC. */
  time: string;
  /** What the container wrote; ends in a newline unless it is a part of a line that goes on. */
  bytes: Buffer;
}

/** Lines that make no sense (a half-written one after a crash) give undefined. */
export type ParseLine = (line: Buffer) => LogEntry | undefined;

const newline = Buffer.from('\n');

/**
 * Docker's json-file. A byte that is no UTF-8 stands as \udcXX, a lone surrogate with the byte in its low half
 * (helpers/monitor/log-json.c).
 */
export function parseJsonLine(line: Buffer): LogEntry | undefined {
  let value: { log?: unknown; stream?: unknown; time?: unknown } | null;
  try {
    value = JSON.parse(line.toString('utf8')) as typeof value;
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || typeof value.log !== 'string' || typeof value.time !== 'string') return undefined;
  return { stream: value.stream === 'stderr' ? 'stderr' : 'stdout', time: value.time, bytes: toBytes(value.log) };
}

/** Podman's k8s-file: `TIME STREAM F|P TEXT`. */
export function parseK8sLine(line: Buffer): LogEntry | undefined {
  const match = /^(\S+) (stdout|stderr) ([FP]) /.exec(line.toString('latin1', 0, 128));
  if (match === null) return undefined;
  const text = line.subarray(match[0].length);
  return { stream: match[2] as LogEntry['stream'], time: match[1] ?? '', bytes: match[3] === 'F' ? Buffer.concat([text, newline]) : text };
}

/** UTF-8, with the bytes back that stand as lone surrogates. */
export function toBytes(text: string): Buffer {
  if (!/\p{Cs}/u.test(text)) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit < 0xdc00) {
      at++; // the first half of a pair: our writer never leaves one alone
      continue;
    }
    if (unit < 0xdc80 || unit > 0xdcff) continue;
    parts.push(Buffer.from(text.slice(from, at), 'utf8'), Buffer.from([unit & 0xff]));
    from = at + 1;
  }
  parts.push(Buffer.from(text.slice(from), 'utf8'));
  return Buffer.concat(parts);
}

/** True where the entry ends its line. */
export function endsLine(entry: LogEntry): boolean {
  return entry.bytes.at(-1) === 10;
}

/** Milliseconds since the epoch, with the fraction: for comparing with --since and --until. */
export function timeMs(entry: LogEntry): number {
  const match = /^(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(entry.time);
  if (match === null) return Number.NaN;
  return Date.parse(`${match[1] ?? ''}${match[3] ?? ''}`) + Number(`0.${match[2] ?? '0'}`) * 1000;
}
