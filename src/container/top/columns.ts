/** The columns of `top`: Podman's descriptors, their headings and how a process fills them. Pure. @see podman-top(1) */
import { formatDuration } from '../../lib/units.ts';
import { terminalName, type ContainerProcess } from './parse.ts';

export interface TopContext {
  /** Clock ticks since boot, and how many make a second. */
  nowTicks: number;
  ticksPerSecond: number;
  /** Pid inside by pid outside. */
  pids: ReadonlyMap<number, number>;
  /** Names of ids inside the container; the number where it has none. */
  userName: (uid: number) => string;
  groupName: (gid: number) => string;
  /** Ids as the host numbers them. */
  hostUser: (uid: number) => string;
}

interface Column { heading: string; fill: (process_: ContainerProcess, context: TopContext) => string }

const seconds = (ticks: number, context: TopContext): string => formatDuration(Math.round((ticks * 1000) / context.ticksPerSecond));
const alive = (process_: ContainerProcess, context: TopContext): number => Math.max(0, context.nowTicks - process_.startTicks);
const fromStatus = (key: string): Column['fill'] => (process_) => process_.status.get(key) ?? '';

const columns: Readonly<Record<string, Column>> = {
  args: { heading: 'COMMAND', fill: ({ args }) => args },
  capbnd: { heading: 'BOUNDING CAPS', fill: fromStatus('CapBnd') },
  capeff: { heading: 'EFFECTIVE CAPS', fill: fromStatus('CapEff') },
  capinh: { heading: 'INHERITED CAPS', fill: fromStatus('CapInh') },
  capprm: { heading: 'PERMITTED CAPS', fill: fromStatus('CapPrm') },
  capamb: { heading: 'AMBIENT CAPS', fill: fromStatus('CapAmb') },
  comm: { heading: 'COMMAND', fill: ({ command }) => command },
  etime: { heading: 'ELAPSED', fill: (process_, context) => seconds(alive(process_, context), context) },
  group: { heading: 'GROUP', fill: ({ effectiveGid }, { groupName }) => groupName(effectiveGid) },
  hpid: { heading: 'HPID', fill: ({ hostPid }) => String(hostPid) },
  huser: { heading: 'HUSER', fill: ({ effectiveUid }, { hostUser }) => hostUser(effectiveUid) },
  nice: { heading: 'NI', fill: ({ nice }) => String(nice) },
  pcpu: { heading: '%CPU', fill: (process_, context) => ((100 * process_.cpuTicks) / Math.max(1, alive(process_, context))).toFixed(3) },
  pgid: { heading: 'PGID', fill: ({ processGroup }) => String(processGroup) },
  pid: { heading: 'PID', fill: ({ pid }) => String(pid) },
  ppid: { heading: 'PPID', fill: ({ hostParent }, { pids }) => String(pids.get(hostParent) ?? 0) },
  rgroup: { heading: 'RGROUP', fill: ({ gid }, { groupName }) => groupName(gid) },
  rss: { heading: 'RSS', fill: ({ residentKilobytes }) => String(residentKilobytes) },
  ruser: { heading: 'RUSER', fill: ({ uid }, { userName }) => userName(uid) },
  seccomp: { heading: 'SECCOMP', fill: ({ status }) => ['disabled', 'strict', 'filter'][Number(status.get('Seccomp') ?? 0)] ?? '?' },
  state: { heading: 'STATE', fill: ({ state }) => state },
  time: { heading: 'TIME', fill: (process_, context) => seconds(process_.cpuTicks, context) },
  tty: { heading: 'TTY', fill: ({ terminal }) => terminalName(terminal) },
  user: { heading: 'USER', fill: ({ effectiveUid }, { userName }) => userName(effectiveUid) },
  vsz: { heading: 'VSZ', fill: ({ virtualBytes }) => String(Math.floor(virtualBytes / 1024)) },
};

const shorthands: Readonly<Record<string, string>> = {
  '%C': 'pcpu', '%G': 'group', '%P': 'ppid', '%U': 'user', '%a': 'args', '%c': 'comm', '%g': 'rgroup', '%n': 'nice', '%p': 'pid', '%r': 'pgid', '%t': 'etime', '%u': 'ruser', '%x': 'time', '%y': 'tty', '%z': 'vsz',
  '%cpu': 'pcpu', stat: 'state',
};

export const descriptors: readonly string[] = Object.keys(columns).toSorted();
const defaults = ['user', 'pid', 'ppid', 'pcpu', 'etime', 'tty', 'time', 'args'];

/** From the words of the command line; commas separate too. undefined where one of them is no descriptor: they are ps's then. */
export function parseDescriptors(words: readonly string[]): string[] | undefined {
  const wanted = words.flatMap((word) => word.split(',')).filter((word) => word !== '').map((word) => shorthands[word] ?? word.toLowerCase());
  if (wanted.some((word) => !Object.hasOwn(columns, word))) return undefined;
  return wanted.length === 0 ? defaults : wanted;
}

/** Heading first. */
export function topRows(processes: readonly ContainerProcess[], wanted: readonly string[], context: TopContext): string[][] {
  const chosen = wanted.flatMap((name) => columns[name] ?? []);
  return [chosen.map(({ heading }) => heading), ...processes.map((process_) => chosen.map(({ fill }) => fill(process_, context)))];
}
