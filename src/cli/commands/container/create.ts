import { createChecks, createOptions } from '../../options/create.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['create'],
  aliases: [['container', 'create']],
  summary: 'Create a container, to be started later',
  description: ['Prints the id of the new container. Takes the options of run, save those that say how to attach to it.'],
  args: [{ name: 'IMAGE', required: true, complete: { kind: 'image' } }, { name: 'COMMAND', rest: true, complete: { kind: 'command' } }],
  options: createOptions,
  checks: createChecks,
  stopAtFirst: true,
  examples: [{ text: 'Make a container and start it later', command: 'skiff create --name web -p 8080:80 nginx && skiff start web' }],
  needs: { userns: 'enter', network: true, layers: true },
  run: () => import('./create.run.ts'),
};
