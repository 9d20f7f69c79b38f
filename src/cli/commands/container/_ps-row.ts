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

/** A row with Podman's names for templates. A class, so that hundreds of rows cost what a template asks of them and no more. */
export class TemplateRow {
  readonly #record: Summary['record'];
  readonly #state: ContainerState;
  readonly #options: RowOptions;

  constructor({ record, state }: Summary, options: RowOptions) {
    this.#record = record;
    this.#state = state;
    this.#options = options;
  }

  get ID(): string { return this.#options.noTrunc ? this.#record.ID : shortID(this.#record.ID); }
  get Image(): string { return this.#record.Skiff.imageName; }
  get ImageID(): string { return this.#options.noTrunc ? imageHex(this.#record.Skiff.imageID) : imageHex(this.#record.Skiff.imageID).slice(0, 12); }
  get Command(): string {
    const command = commandWords(this.#record).join(' ');
    return this.#options.noTrunc || command.length <= 17 ? command : `${command.slice(0, 17)}...`;
  }
  get Created(): GoTime { return new GoTime(this.#record.Created); }
  get CreatedAt(): GoTime { return this.Created; }
  get CreatedHuman(): string { return humanAge(Date.parse(this.#record.Created), this.#options.nowMs); }
  get RunningFor(): string { return this.CreatedHuman; }
  get Status(): string { return statusText(this.#state, this.#options.nowMs); }
  /** The bare word, as Podman has it from 4.6 on and Docker always had: what scripts compare. Before, Podman printed Status here. */
  get State(): string { return statusWord(this.#state); }
  get Ports(): string { return portsText(this.#record.Skiff.ports); }
  get Names(): string { return nameOf(this.#record); }
  Label(key: string): string { return this.#record.Config.Labels[key] ?? ''; }
  get Labels(): object { return goMap(this.#record.Config.Labels); }
  get Mounts(): string[] { return this.#record.Skiff.mounts.map((mount) => mount.destination); }
  get Networks(): string { return ''; }
  get Pid(): number { return 'pid' in this.#state ? this.#state.pid : 0; }
  get Exited(): boolean { return this.#state.status === 'exited'; }
  get ExitCode(): number { return this.#state.status === 'exited' ? this.#state.exitCode : 0; }
  get ExitedAt(): number { return this.#state.status === 'exited' ? unixSeconds(this.#state.finishedAt) : never; }
  get StartedAt(): number { return 'startedAt' in this.#state ? unixSeconds(this.#state.startedAt) : never; }
  get AutoRemove(): boolean { return this.#record.Skiff.autoRemove; }
  get IsInfra(): boolean { return false; }
  get Pod(): string { return ''; }
  get PodName(): string { return ''; }
  get PodID(): string { return ''; }
  get Restarts(): number { return this.#record.RestartCount; }
  get Size(): string { return this.#options.size === undefined ? '' : sizeText(this.#options.size); }
  CGROUPNS(): string { return this.#namespace('cgroup'); }
  IPC(): string { return this.#namespace('ipc'); }
  MNT(): string { return this.#namespace('mnt'); }
  NET(): string { return this.#namespace('net'); }
  PIDNS(): string { return this.#namespace('pid'); }
  USERNS(): string { return this.#namespace('user'); }
  UTS(): string { return this.#namespace('uts'); }

  /** All fields, for `{{json .}}`. */
  toJSON(): Record<string, unknown> {
    const getters = Object.entries(Object.getOwnPropertyDescriptors(TemplateRow.prototype)).filter(([, { get }]) => get !== undefined);
    return Object.fromEntries(getters.map(([name]) => [name, this[name as keyof TemplateRow]]));
  }

  /** The inode number. Empty where the container does not run, or is another's to look at. */
  #namespace(link: string): string {
    return 'pid' in this.#state ? namespaceInode(this.#state.pid, link) : '';
  }
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

function namespaceInode(pid: number, link: string): string {
  try {
    return /\d+/.exec(readlinkSync(`/proc/${pid}/ns/${link}`))?.[0] ?? '';
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'ESRCH')) return '';
    throw error;
  }
}
