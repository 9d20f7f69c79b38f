import { portMappings } from '../../../container/port.ts';
import { readRecord, shortID } from '../../../container/record.ts';
import { runningContainers } from '../../../container/summary.ts';
import { SkiffError } from '../../../lib/errors.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { selectOne } from './_select.ts';
import { flag } from './_values.ts';

export function run(invocation: Invocation): void {
  const context = openContext();
  if (flag(invocation.options, 'all')) {
    for (const { record } of runningContainers(context)) {
      for (const { inside, outside } of portMappings(record)) printLine(`${shortID(record.ID)}\t${inside} -> ${outside}`);
    }
    return;
  }
  const latest = flag(invocation.options, 'latest');
  const record = readRecord(context, selectOne(context, invocation, invocation.args[0]));
  const wanted = invocation.args[latest ? 0 : 1];
  const mappings = portMappings(record);
  if (wanted === undefined) return mappings.forEach(({ inside, outside }) => printLine(`${inside} -> ${outside}`));
  const key = wanted.includes('/') ? wanted.toLowerCase() : `${wanted}/tcp`;
  const found = mappings.filter(({ inside }) => inside === key);
  if (found.length === 0) throw new SkiffError('NOT_FOUND', `failed to find published port ${JSON.stringify(wanted)}`);
  for (const { outside } of found) printLine(outside);
}
