/** `State` of inspect. */
import { cgroupOf } from '../../host/cgroup/own.ts';
import { textIfThere } from '../../host/if-there.ts';
import { GoTime, zeroTime } from '../../lib/go-time.ts';
import { nilList, omitEmpty } from '../../lib/template.ts';
import { statusWord } from '../filters.ts';
import type { ContainerState } from '../model.ts';

/** Podman has it also where there are no health checks, and so scripts read it. */
const health = { Status: '', FailingStreak: 0, Log: nilList() };

/** `trouble`: what is wrong with one that runs. */
export function stateView(state: ContainerState, trouble = ''): Record<string, unknown> {
  const exited = state.status === 'exited';
  const pid = 'pid' in state ? state.pid : 0;
  const cgroup = pid === 0 ? undefined : cgroupOf(pid);
  const monitor = pid === 0 ? 0 : parentOf(pid);
  return omitEmpty({ ConmonPid: 0, CgroupPath: '', Healthcheck: health }, {
    OciVersion: '1.0.2', Status: statusWord(state), Running: state.status === 'running', Paused: state.status === 'paused', Restarting: false, OOMKilled: exited && state.oomKilled, Dead: false,
    Pid: pid, ...(monitor > 0 && { ConmonPid: monitor }), ExitCode: exited ? state.exitCode : 0, Error: trouble,
    StartedAt: new GoTime('startedAt' in state ? state.startedAt : zeroTime), FinishedAt: new GoTime(exited ? state.finishedAt : zeroTime),
    Health: health, ...(cgroup !== undefined && { CgroupPath: cgroup }), CheckpointedAt: new GoTime(zeroTime), RestoredAt: new GoTime(zeroTime),
    ...(exited && state.droppedLogBytes > 0 && { DroppedLogBytes: state.droppedLogBytes }),
  });
}

/** The monitor is the parent of the container's first process, and stays so. 0 where that has ended meanwhile. */
function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(textIfThere(`/proc/${pid}/status`, 'read the monitor of a container') ?? '')?.[1] ?? 0);
}
