import { latestContainer, listContainers } from '../../../container/list.ts';
import type { Context } from '../../../container/index.ts';
import { statusWord } from '../../../container/filters.ts';
import { containerSize } from '../../../container/size.ts';
import type { Summary } from '../../../container/summary.ts';
import { reenterInside } from '../../../host/become.ts';
import { isJsonFormat, renderListing } from '../../listing.ts';
import { print, printJson, printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { imageIDs } from './_images.ts';
import { jsonRow, TemplateRow } from './_ps-row.ts';
import { flag, list, number, text } from './_values.ts';

const headers: Readonly<Record<string, string>> = {
  ID: 'CONTAINER ID', Image: 'IMAGE', ImageID: 'IMAGE ID', Command: 'COMMAND', Created: 'CREATED', CreatedAt: 'CREATED AT', CreatedHuman: 'CREATED', RunningFor: 'CREATED',
  Status: 'STATUS', State: 'STATE', Ports: 'PORTS', Names: 'NAMES', Labels: 'LABELS', Mounts: 'MOUNTS', Networks: 'NETWORKS', Pid: 'PID', Exited: 'EXITED', ExitCode: 'EXIT CODE',
  ExitedAt: 'EXITED AT', StartedAt: 'STARTED AT', AutoRemove: 'AUTOREMOVE', Pod: 'POD ID', PodName: 'PODNAME', PodID: 'POD ID', Restarts: 'RESTARTS', Size: 'SIZE', IsInfra: 'ISINFRA',
  CGROUPNS: 'CGROUPNS', IPC: 'IPC', MNT: 'MNT', NET: 'NET', PIDNS: 'PIDNS', USERNS: 'USERNS', UTS: 'UTS',
};

export async function run(invocation: Invocation): Promise<void> {
  const seconds = number(invocation.options, 'watch');
  const context = openContext();
  for (;;) {
    const output = await listing(context, invocation);
    if (seconds !== undefined) print('\x1b[H\x1b[2J');
    output();
    if (seconds === undefined) return;
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
}

/** What is to be printed. */
async function listing(context: Context, invocation: Invocation): Promise<() => void> {
  const { options } = invocation;
  const rows = sorted(chosen(context, invocation), text(options, 'sort') ?? 'created');
  const format = text(options, 'format');
  if (flag(options, 'quiet')) return () => rows.forEach(({ record }) => printLine(flag(options, 'no-trunc') ? record.ID : record.ID.slice(0, 12)));
  const nowMs = Date.now();
  const withSize = flag(options, 'size') || (format !== undefined && /\.Size\b/.test(format));
  if (withSize && rows.length > 0) reenterInside();
  const rowOptions = (row: Summary): Parameters<typeof jsonRow>[1] => ({ nowMs, noTrunc: flag(options, 'no-trunc'), size: withSize ? containerSize(context, row.record) : undefined });
  if (isJsonFormat(format)) return () => printJson(rows.map((row) => jsonRow(row, rowOptions(row))), 2);
  const output = await renderListing({
    name: 'ps', typeName: 'containers.psReporter', format, headers, rows: rows.map((row) => new TemplateRow(row, rowOptions(row))), noHeading: flag(options, 'noheading'),
    defaultFormat: flag(options, 'namespace')
      ? 'table {{.ID}}\t{{.Names}}\t{{.Pid}}\t{{.CGROUPNS}}\t{{.IPC}}\t{{.MNT}}\t{{.NET}}\t{{.PIDNS}}\t{{.USERNS}}\t{{.UTS}}'
      : `table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.CreatedHuman}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}${flag(options, 'size') ? '\t{{.Size}}' : ''}`,
  });
  return () => print(output);
}

function chosen(context: Context, { options }: Invocation): Summary[] {
  if (flag(options, 'latest')) {
    const latest = latestContainer(context);
    return latest === undefined ? [] : [latest];
  }
  return listContainers(context, { all: flag(options, 'all'), filters: list(options, 'filter'), last: number(options, 'last'), imageIDs: (reference) => imageIDs(context, reference) });
}

/** From oldest to newest, or by the key. */
function sorted(rows: readonly Summary[], key: string): Summary[] {
  const keyOf = (row: Summary): string => {
    switch (key) {
      case 'command': return [...(row.record.Config.Entrypoint ?? []), ...(row.record.Config.Cmd ?? [])].join(' ');
      case 'id': return row.record.ID;
      case 'image': return row.record.Skiff.imageName;
      case 'names': return row.record.Name;
      case 'status': return statusWord(row.state);
      default: return row.record.Created;
    }
  };
  return rows.map((row) => ({ row, key: keyOf(row) })).toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ row }) => row);
}
