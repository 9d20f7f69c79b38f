import { latestOption } from '../../options/select.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['commit'],
  aliases: [['container', 'commit']],
  summary: 'Make an image from what a container has changed',
  args: [{ name: 'CONTAINER', required: true, complete: { kind: 'container', state: 'all' } }, { name: 'IMAGE', complete: { kind: 'image' } }],
  options: [
    { name: 'author', short: 'a', kind: 'string', value: 'TEXT', help: 'Author of the image' },
    { name: 'change', short: 'c', kind: 'list', value: 'INSTRUCTION', help: 'Apply CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME or WORKDIR to the image' },
    { name: 'format', short: 'f', kind: 'string', value: 'FORMAT', help: 'Format of the manifest', oneOf: ['oci', 'docker'], default: 'oci' },
    { name: 'iidfile', kind: 'string', value: 'FILE', help: 'Write the id of the image to a file', complete: { kind: 'file' } },
    { name: 'include-volumes', kind: 'bool', help: 'Make the volumes of the container volumes of the image' },
    latestOption,
    { name: 'message', short: 'm', kind: 'string', value: 'TEXT', help: 'Comment in the history of the image' },
    { name: 'pause', short: 'p', kind: 'bool', help: 'Pause a running container meanwhile' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print nothing but the id' },
  ],
  examples: [{ text: 'Keep what was installed', command: `skiff commit --change 'CMD ["nginx"]' work web:1` }],
  needs: { userns: 'enter' },
  run: () => import('./commit.run.ts'),
};
