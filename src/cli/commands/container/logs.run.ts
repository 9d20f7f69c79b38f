import type { Context } from '../../../container/index.ts';
import { readLogs } from '../../../container/logs.ts';
import { endsLine, type LogEntry } from '../../../container/logs/entry.ts';
import { nameOf, readRecord, shortID } from '../../../container/record.ts';
import { findContainer } from '../../../container/lookup.ts';
import { parseMoment } from '../../../lib/filter.ts';
import { print } from '../../output.ts';
import { reportError } from '../../report.ts';
import type { Invocation } from '../../spec.ts';
import type { ContainerID } from '../../../oci/ids.ts';
import { printBytesToStderr } from './_stderr.ts';
import { openContext } from './_context.ts';
import { selectOne } from './_select.ts';
import { flag, number, text } from './_values.ts';

/** Podman's, in its order. */
const colors = [37, 31, 33, 34, 35, 36, 32];

export async function run(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const context = openContext();
  const nowMs = Date.now();
  const moment = (name: 'since' | 'until'): number | undefined => {
    const value = text(options, name);
    return value === undefined || value === '' ? undefined : parseMoment(value, nowMs, name === 'until' ? 'forward' : 'back');
  };
  const tail = number(options, 'tail') ?? -1;
  const request = { follow: flag(options, 'follow'), tail: tail < 0 ? undefined : tail, sinceMs: moment('since'), untilMs: moment('until') };
  // A name given twice is shown twice.
  const ids = flag(options, 'latest') ? [selectOne(context, invocation, undefined)] : invocation.args.map((name) => findContainer(context, name));
  const several = ids.length > 1;
  const leaving = new AbortController();
  const works = ids.map((id, at) => () => readLogs(context, { ...request, id, leaving, emit: printer(context, id, invocation, several, at) }));
  // Followed side by side; otherwise one after the other.
  if (request.follow && several) {
    await Promise.all(works.map((work) => work()));
    return 0;
  }
  let code = 0;
  for (const work of works) {
    try {
      await work();
    } catch (error) {
      code = reportError(error);
    }
  }
  return code;
}

/** Writes entries; a prefix stands at the beginning of lines only, also where a line comes in parts. The name stands only beside others. */
function printer(context: Context, id: ContainerID, { options }: Invocation, several: boolean, at: number): (entry: LogEntry) => void {
  const name = !several ? '' : `${flag(options, 'names') ? nameOf(readRecord(context, id)) : shortID(id)} `;
  const color = flag(options, 'color') ? colors[at % colors.length] : undefined;
  const inLine = { stdout: false, stderr: false };
  return (entry) => {
    const prefix = inLine[entry.stream] ? '' : `${name}${flag(options, 'timestamps') ? `${entry.time} ` : ''}`;
    inLine[entry.stream] = !endsLine(entry);
    const plain = prefix === '' ? entry.bytes : Buffer.concat([Buffer.from(prefix), entry.bytes]);
    const bytes = color === undefined ? plain : colored(plain, color, endsLine(entry));
    if (entry.stream === 'stderr') printBytesToStderr(bytes);
    else print(bytes);
  };
}

/** The newline stays outside, so that no line is left in color. */
function colored(bytes: Uint8Array, color: number, hasNewline: boolean): Uint8Array {
  const end = hasNewline ? bytes.length - 1 : bytes.length;
  return Buffer.concat([Buffer.from(`\x1b[${color}m`), bytes.subarray(0, end), Buffer.from('\x1b[0m'), bytes.subarray(end)]);
}
