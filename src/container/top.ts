/** What runs in a container. */
import { readFileSync, readlinkSync } from 'node:fs';
import { RootHandle } from '../host/in-root.ts';
import { isErrno, SkiffError } from '../lib/errors.ts';
import type { ContainerID } from '../oci/ids.ts';
import type { Context } from './index.ts';
import { readRecord } from './record.ts';
import { parseIDMap } from './spec/facts.ts';
import type { IDRange } from './spec/input.ts';
import { containerState } from './state.ts';
import { topRows } from './top/columns.ts';
import { processesOf } from './top/processes.ts';

const maxBytes = 16 * 1024 * 1024;
/** USER_HZ, 100 on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** Rows of cells, the heading first; `wanted` are descriptors (top/columns.ts). @throws CONTAINER_STATE */
export function containerTop(context: Context, id: ContainerID, wanted: readonly string[]): string[][] {
  const record = readRecord(context, id);
  const state = containerState(context, id);
  if (state.status !== 'running') throw new SkiffError('CONTAINER_STATE', 'top can only be used on running containers');
  const processes = processesOf(state.pid, record.Skiff.pid.kind === 'host');
  const root = new RootHandle(`/proc/${state.pid}/root`);
  try {
    const users = namesOf(root, '/etc/passwd');
    const groups = namesOf(root, '/etc/group');
    const inside = idTranslator(state.pid, 'uid_map');
    const insideGroup = idTranslator(state.pid, 'gid_map');
    const own = parseIDMap(readFileSync('/proc/self/uid_map', 'utf8'));
    return topRows(processes, wanted, {
      ticksPerSecond, nowTicks: Number.parseFloat(readFileSync('/proc/uptime', 'utf8')) * ticksPerSecond,
      pids: new Map(processes.map(({ hostPid, pid }) => [hostPid, pid])),
      userName: (uid) => users.get(inside(uid)) ?? String(inside(uid)), groupName: (gid) => groups.get(insideGroup(gid)) ?? String(insideGroup(gid)),
      hostUser: (uid) => String(outside(uid, own)),
    });
  } finally {
    root.close();
  }
}

/** Names by id of the container's own files. Files that are none are as good as empty ones. */
function namesOf(root: RootHandle, path: string): Map<number, string> {
  let text: string;
  try {
    text = root.readFile(path, maxBytes)?.toString('latin1') ?? '';
  } catch (error) {
    if (error instanceof SkiffError || isErrno(error, 'ELOOP', 'EACCES')) text = '';
    else throw error;
  }
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name = '', , id = ''] = line.split(':');
    if (/^\d{1,10}$/.test(id) && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}

/** From ids of our user namespace to those of the container's, where it has one of its own (keep-id). */
function idTranslator(pid: number, file: 'uid_map' | 'gid_map'): (id: number) => number {
  if (readlinkSync(`/proc/${pid}/ns/user`) === readlinkSync('/proc/self/ns/user')) return (id) => id;
  const map = parseIDMap(readFileSync(`/proc/${pid}/${file}`, 'utf8'));
  return (id) => {
    const range = map.find(({ outside: from, size }) => id >= from && id < from + size);
    return range === undefined ? id : range.inside + (id - range.outside);
  };
}

function outside(id: number, map: readonly IDRange[]): number {
  const range = map.find(({ inside, size }) => id >= inside && id < inside + size);
  return range === undefined ? id : range.outside + (id - range.inside);
}
