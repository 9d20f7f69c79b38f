/** The `process` object that the runtime's exec is given: the container's own, with what was asked for over it. Pure. */
import type { CapabilitySets, Process, Rlimit } from '../../oci/runtime-spec.ts';
import type { ContainerRecord } from '../model.ts';
import type { ResolvedUser } from '../spec/input.ts';
import type { ExecRequest } from './request.ts';

export interface ExecPlanInput {
  request: ExecRequest;
  record: ContainerRecord;
  /** Of the container's first process, from its config.json. */
  base: Process;
  user: ResolvedUser;
  cwd: string;
  capabilities: CapabilitySets;
  consoleSize?: { rows: number; columns: number } | undefined;
  /** This process's own hard limits by RLIMIT_ name: more than these it can't give. */
  hardLimits: Readonly<Record<string, number>>;
}

export function planExec(input: ExecPlanInput): Process {
  const { request, base, user, capabilities } = input;
  const { rlimits, noNewPrivileges, apparmorProfile, selinuxLabel, oomScoreAdj } = base;
  return {
    terminal: request.terminal,
    ...(request.terminal && input.consoleSize !== undefined && { consoleSize: { height: input.consoleSize.rows, width: input.consoleSize.columns } }),
    cwd: input.cwd,
    env: execEnv(input),
    args: [...request.command],
    user: {
      uid: user.uid, gid: user.gid, ...(base.user.umask !== undefined && { umask: base.user.umask }), ...(user.additionalGids.length > 0 && { additionalGids: user.additionalGids }),
    },
    capabilities,
    ...(rlimits !== undefined && { rlimits: rlimits.map((limit) => within(limit, input.hardLimits[limit.type])) }),
    ...(noNewPrivileges !== undefined && !request.privileged && { noNewPrivileges }),
    ...(apparmorProfile !== undefined && { apparmorProfile }),
    ...(selinuxLabel !== undefined && { selinuxLabel }),
    ...(oomScoreAdj !== undefined && { oomScoreAdj }),
  };
}

/** The container's limits hold for its later processes as well, as far as whoever runs the command may have them himself. */
function within(limit: Rlimit, most = Infinity): Rlimit {
  return { ...limit, hard: Math.min(limit.hard, most), soft: Math.min(limit.soft, most) };
}

/** The container's environment; HOME follows another user unless image or user have set it; TERM where there is a terminal. */
function execEnv({ request, record, base, user }: ExecPlanInput): string[] {
  const values = new Map<string, string>();
  const put = (line: string): void => {
    const equals = line.indexOf('=');
    values.set(equals < 0 ? line : line.slice(0, equals), equals < 0 ? '' : line.slice(equals + 1));
  };
  for (const line of base.env) put(line);
  if (!record.Config.Env.some((line) => line.startsWith('HOME='))) values.set('HOME', user.home);
  if (request.terminal && !values.has('TERM')) values.set('TERM', 'xterm');
  for (const line of request.env) put(line);
  return [...values].map(([name, value]) => `${name}=${value}`);
}
