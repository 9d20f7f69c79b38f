import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['tag'],
  aliases: [['image', 'tag']],
  summary: 'Give an image more names',
  description: ['A name without a registry is put under localhost/, one without a tag gets :latest. A name that another image has moves.'],
  args: [
    { name: 'IMAGE', required: true, complete: { kind: 'image' } },
    { name: 'TARGET_NAME', required: true, rest: true, complete: { kind: 'image' } },
  ],
  examples: [{ text: 'For a push to one\'s own registry', command: 'skiff tag app:1 registry.example:5000/app:1' }],
  needs: { userns: 'none' },
  run: () => import('./tag.run.ts'),
};
