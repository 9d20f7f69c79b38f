/** A container as `ps` shows it: the fields of its templates, and the shape of its JSON. @see podman-ps(1) */
import { readlinkSync } from 'node:fs';
import { nameOf, shortID } from '../../../container/record.ts';
import { statusWord } from '../../../container/filters.ts';
import type { ContainerSize } from '../../../container/size.ts';
import type { Summary } from '../../../container/summary.ts';
import type { ContainerState, PortBinding } from '../../../container/model.ts';
import { isErrno } from '../../../lib/errors.ts';
import { GoTime } from '../../../lib/go-time.ts';
import { formatBinding } from '../../../network/ports.ts';
import { humanDuration, humanSize } from '../../../lib/units.ts';
import { goMap } from '../../../lib/template.ts';

export interface RowOptions { noTrunc: boolean; nowMs: number; size: ContainerSize | undefined }

const never = -62_135_596_800; // Go's zero time in unix seconds

/** Named as in Podman's templates. */
export function templateRow({ record, state }: Summary, options: RowOptions): Record<string, unknown> {
  const words = commandWords(record);
  const createdMs = Date.parse(record.Created);
  const created = new GoTime(record.Created);
  const command = words.join(' ');
  return {
    ID: options.noTrunc ? record.ID : shortID(record.ID),
    Image: record.Skiff.imageName,
    ImageID: options.noTrunc ? imageHex(record.Skiff.imageID) : imageHex(record.Skiff.imageID).slice(0, 12),
    Command: options.noTrunc || command.length <= 17 ? command : `${command.slice(0, 17)}...`,
    CreatedAt: created, Created: created, CreatedHuman: humanAge(createdMs, options.nowMs), RunningFor: humanAge(createdMs, options.nowMs),
    // The bare word, as Podman has it from 4.6 on and Docker always had: what scripts compare. Before, Podman printed Status here.
    Status: statusText(state, options.nowMs), State: statusWord(state),
    Ports: portsText(record.Skiff.ports), Names: nameOf(record), Label: (key: string) => record.Config.Labels[key] ?? '', Labels: goMap(record.Config.Labels),
    Mounts: record.Skiff.mounts.map((mount) => mount.destination), Networks: '',
    Pid: 'pid' in state ? state.pid : 0, Exited: state.status === 'exited', ExitCode: state.status === 'exited' ? state.exitCode : 0,
    ExitedAt: state.status === 'exited' ? unixSeconds(state.finishedAt) : never, StartedAt: 'startedAt' in state ? unixSeconds(state.startedAt) : never,
    AutoRemove: record.Skiff.autoRemove, IsInfra: false, Pod: '', PodName: '', PodID: '', Restarts: record.RestartCount,
    Size: options.size === undefined ? '' : sizeText(options.size),
    ...namespaceFields(state),
  };
}

/** One element of `ps --format json`. */
export function jsonRow({ record, state }: Summary, options: RowOptions): Record<string, unknown> {
  return {
    AutoRemove: record.Skiff.autoRemove,
    Command: commandWords(record),
    CreatedAt: humanAge(Date.parse(record.Created), options.nowMs),
    Exited: state.status === 'exited',
    ExitedAt: state.status === 'exited' ? unixSeconds(state.finishedAt) : never,
    ExitCode: state.status === 'exited' ? state.exitCode : 0,
    Id: record.ID,
    Image: record.Skiff.imageName,
    ImageID: imageHex(record.Skiff.imageID),
    IsInfra: false,
    Labels: Object.keys(record.Config.Labels).length > 0 ? record.Config.Labels : null,
    Mounts: record.Skiff.mounts.map((mount) => mount.destination),
    Names: [nameOf(record)],
    Namespaces: {},
    Networks: [],
    Pid: 'pid' in state ? state.pid : 0,
    Pod: '',
    PodName: '',
    Ports: record.Skiff.ports.length > 0 ? record.Skiff.ports.map(portJson) : null,
    Restarts: record.RestartCount,
    Size: options.size === undefined ? null : { rootFsSize: options.size.rootFsBytes, rwSize: options.size.writableBytes },
    StartedAt: 'startedAt' in state ? unixSeconds(state.startedAt) : never,
    State: statusWord(state),
    Status: statusText(state, options.nowMs),
    Created: unixSeconds(record.Created),
  };
}

function commandWords(record: Summary['record']): string[] {
  return [...(record.Config.Entrypoint ?? []), ...(record.Config.Cmd ?? [])];
}

function imageHex(id: string): string {
  return id.replace(/^sha256:/, '');
}

/** "Up 3 minutes", "Exited (0) 2 hours ago", "Created". */
export function statusText(state: ContainerState, nowMs: number): string {
  switch (state.status) {
    case 'created': case 'starting': return 'Created';
    case 'running': return `Up ${humanDuration(Math.max(0, nowMs - Date.parse(state.startedAt)))}`;
    case 'paused': return 'Paused';
    case 'exited': return `Exited (${state.exitCode}) ${humanAge(Date.parse(state.finishedAt), nowMs)}`;
  }
}

function humanAge(thenMs: number, nowMs: number): string {
  return `${humanDuration(Math.max(0, nowMs - thenMs))} ago`;
}

function unixSeconds(time: string): number {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? never : Math.floor(ms / 1000);
}

/** "0.0.0.0:8080->80/tcp, 0.0.0.0:9000-9001->9000-9001/udp" */
export function portsText(ports: readonly PortBinding[]): string {
  return ports.map(formatBinding).join(', ');
}

function portJson(port: PortBinding): Record<string, unknown> {
  return { host_ip: port.hostIP, container_port: port.containerPort, host_port: port.hostPort, range: port.range, protocol: port.protocol };
}

export function sizeText(size: ContainerSize): string {
  return `${humanSize(size.writableBytes, { digits: 3 })} (virtual ${humanSize(size.rootFsBytes, { digits: 3 })})`;
}

const namespaceLinks = { CGROUPNS: 'cgroup', IPC: 'ipc', MNT: 'mnt', NET: 'net', PIDNS: 'pid', USERNS: 'user', UTS: 'uts' } as const;

/** Inode numbers; looked up only when a template asks. Empty where the container does not run, or is another's to look at. */
function namespaceFields(state: ContainerState): Record<string, () => string> {
  return Object.fromEntries(Object.entries(namespaceLinks).map(([name, link]) => [name, () => ('pid' in state ? namespaceInode(state.pid, link) : '')]));
}

function namespaceInode(pid: number, link: string): string {
  try {
    return /\d+/.exec(readlinkSync(`/proc/${pid}/ns/${link}`))?.[0] ?? '';
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'ESRCH')) return '';
    throw error;
  }
}
