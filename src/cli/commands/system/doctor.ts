import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['doctor'],
  aliases: [['system', 'doctor']],
  summary: 'Check whether this machine can run containers',
  description: [
    'Tests by doing what a container needs: makes a user namespace, maps the ids, mounts an overlay on the filesystem of the store, opens the tun device, writes a cgroup, starts the OCI runtime and the network programs. What it makes, it removes.',
    'Each line has a verdict: "ok"; "warn" where skiff works with less than it could; "fail" where containers will not run. Where a verdict is bad, the line below it names the one command or step that mends it; a check that was not tried waits for another one above it.',
    'The exit code is 1 where anything failed.',
  ],
  options: [{ name: 'format', kind: 'string', value: 'FORMAT', help: 'Form of the output, instead of a list', oneOf: ['json'] }],
  examples: [
    { text: 'Check the machine', command: 'skiff doctor' },
    { text: 'Only what is bad', command: `skiff doctor --format json | jq '.[] | select(.status != "ok")'` },
  ],
  needs: { userns: 'enter', refusalOk: true },
  run: () => import('./doctor.run.ts'),
};
