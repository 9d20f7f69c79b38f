import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['unshare'],
  summary: "Run a command in the user namespace of the user's containers",
  description: [
    'Runs COMMAND, or the shell of $SHELL, where the containers live: as root of the user namespace, with its own view of the mounts. Files of a rootless store that belong to subordinate ids can be looked at, changed and removed there.',
    '$CONTAINERS_GRAPHROOT and $CONTAINERS_RUNROOT tell the command where the store and the runtime directory are. The exit code is the command\'s own.',
  ],
  args: [{ name: 'COMMAND', rest: true, complete: { kind: 'command' } }],
  stopAtFirst: true,
  examples: [
    { text: 'See how the ids are mapped', command: 'skiff unshare cat /proc/self/uid_map' },
    { text: 'Give a folder to user 1000 of the containers', command: 'skiff unshare chown -R 1000:1000 data' },
  ],
  needs: { userns: 'enter' },
  run: () => import('./unshare.run.ts'),
};
