import { latestOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['top'],
  aliases: [['container', 'top']],
  summary: 'Show the processes of a running container',
  description: ['Columns may be named: user, pid, ppid, pcpu, etime, tty, time, args, comm, group, hpid, huser, nice, pgid, rss, state, vsz, seccomp, capeff and others. Nothing of the image is run.'],
  args: [{ name: 'CONTAINER', complete: { kind: 'container', state: 'running' } }, { name: 'COLUMN', rest: true }],
  options: [latestOption, { name: 'list-descriptors', kind: 'bool', help: 'Print the names of the columns', hidden: true }],
  stopAtFirst: true,
  examples: [{ text: 'Pids inside and on the host', command: 'skiff top web pid hpid args' }],
  needs: { userns: 'enter' },
  run: () => import('./top.run.ts'),
};
