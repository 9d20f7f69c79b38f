import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['untag'],
  aliases: [['image', 'untag']],
  summary: 'Take names from an image',
  description: ['With IMAGE alone all its names are taken. The image stays and can be named by its id.'],
  args: [{ name: 'IMAGE', required: true, complete: { kind: 'image' } }, { name: 'NAME', rest: true, complete: { kind: 'image' } }],
  examples: [{ text: 'One of several names', command: 'skiff untag 0e3bbc2 app:old' }],
  needs: { userns: 'none' },
  run: () => import('./untag.run.ts'),
};
