/** What a container may do. */
import type { OptionSpec } from '../spec.ts';
import { privilegedOption } from './process.ts';

export const securityOptions: readonly OptionSpec[] = [
  { name: 'cap-add', kind: 'list', commas: true, value: 'CAP', help: 'Add a capability; "all" for all. Only root of the container has it from the start', complete: { kind: 'capability' } },
  { name: 'cap-drop', kind: 'list', commas: true, value: 'CAP', help: 'Drop a capability; "all" for all', complete: { kind: 'capability' } },
  privilegedOption,
  {
    name: 'security-opt', kind: 'list', value: 'OPTION', help: 'no-new-privileges, seccomp=FILE|unconfined, apparmor=PROFILE, label=OPTION, mask=PATHS, unmask=ALL|PATHS, proc-opts=OPTIONS',
    complete: { kind: 'choice', words: ['no-new-privileges', 'seccomp=', 'apparmor=', 'label=', 'mask=', 'unmask='] },
  },
  { name: 'group-add', kind: 'list', commas: true, value: 'GROUP', help: 'Add a group to the process; "keep-groups" keeps those of the user' },
  { name: 'device', kind: 'list', commas: true, value: 'DEVICE[:PATH[:rwm]]', help: 'Give a device of the host to the container', complete: { kind: 'file' } },
];
