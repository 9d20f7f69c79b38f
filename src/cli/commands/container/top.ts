import { descriptors } from '../../../container/top/columns.ts';
import { latestOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['top'],
  aliases: [['container', 'top']],
  summary: 'Show the processes of a running container',
  description: ['Columns may be named: user, pid, ppid, pcpu, etime, tty, time, args, comm, group, hpid, huser, nice, pgid, rss, state, vsz, seccomp, capeff and others; nothing of the image is run for them. Other words are arguments of ps, which is then run in the container: aux, -eo pid,comm.'],
  args: [{ name: 'CONTAINER', complete: { kind: 'container', state: 'running' } }, { name: 'COLUMN', rest: true, complete: { kind: 'choice', words: descriptors } }],
  options: [latestOption, { name: 'list-descriptors', kind: 'bool', help: 'Print the names of the columns', hidden: true }],
  stopAtFirst: true,
  examples: [{ text: 'Pids inside and on the host', command: 'skiff top web pid hpid args' }, { text: 'By ps of the image', command: 'skiff top web aux' }],
  needs: { userns: 'enter' },
  run: () => import('./top.run.ts'),
};
