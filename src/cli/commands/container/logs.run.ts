import type { Context } from '../../../container/index.ts';
import { readLogs } from '../../../container/logs.ts';
import { endsLine, type LogEntry } from '../../../container/logs/entry.ts';
import { nameOf, readRecord, shortID } from '../../../container/record.ts';
import { parseMoment } from '../../../lib/filter.ts';
import { print } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import type { ContainerID } from '../../../oci/ids.ts';
import { printBytesToStderr } from './_stderr.ts';
import { openContext } from './_context.ts';
import { forEach, selectContainers } from './_select.ts';
import { flag, number, text } from './_values.ts';

const colors = [32, 33, 34, 35, 36, 91, 92, 93, 94, 95, 96];

export async function run(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const context = openContext();
  const nowMs = Date.now();
  const moment = (name: string): number | undefined => {
    const value = text(options, name);
    return value === undefined || value === '' ? undefined : parseMoment(value, nowMs);
  };
  const tail = number(options, 'tail') ?? -1;
  const request = { follow: flag(options, 'follow'), tail: tail < 0 ? undefined : tail, sinceMs: moment('since'), untilMs: moment('until') };
  const selection = selectContainers(context, invocation);
  const several = selection.chosen.length > 1;
  const works = selection.chosen.map(({ id }, at) => () => readLogs(context, { ...request, id, emit: printer(context, id, invocation, several, at) }));
  // Followed side by side; otherwise one after the other.
  if (request.follow && several) {
    await Promise.all(works.map((work) => work()));
    return selection.missing.length > 0 ? 125 : 0;
  }
  let at = 0;
  return forEach(selection, () => {}, async () => {
    await works[at++]?.();
    return undefined;
  });
}

/** Writes entries; a prefix stands at the beginning of lines only, also where a line comes in parts. */
function printer(context: Context, id: ContainerID, { options }: Invocation, several: boolean, at: number): (entry: LogEntry) => void {
  const name = flag(options, 'names') ? nameOf(readRecord(context, id)) : several ? shortID(id) : '';
  const color = flag(options, 'color') && name !== '' ? (colors[at % colors.length] ?? 0) : 0;
  const shown = color === 0 ? name : `\x1b[${color}m${name}\x1b[0m`;
  const inLine = { stdout: false, stderr: false };
  return (entry) => {
    const prefix = inLine[entry.stream] ? '' : `${shown === '' ? '' : `${shown} `}${flag(options, 'timestamps') ? `${entry.time} ` : ''}`;
    inLine[entry.stream] = !endsLine(entry);
    const bytes = prefix === '' ? entry.bytes : Buffer.concat([Buffer.from(prefix), entry.bytes]);
    if (entry.stream === 'stderr') printBytesToStderr(bytes);
    else print(bytes);
  };
}
