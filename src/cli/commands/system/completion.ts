import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['completion'],
  summary: 'Print or install shell completion',
  description: [
    'Prints the completion script for a shell, to be sourced or put where the shell looks for it.',
    'With "install" it writes the scripts of bash, zsh and fish to the folders of the current user.',
  ],
  args: [{ name: 'SHELL', required: true, complete: { kind: 'choice', words: ['bash', 'zsh', 'fish', 'install'] } }],
  options: [{ name: 'file', short: 'f', kind: 'string', value: 'FILE', help: 'Write the script to a file', complete: { kind: 'file' } }],
  examples: [
    { text: 'Complete in this bash', command: 'source <(skiff completion bash)' },
    { text: 'Install for the current user', command: 'skiff completion install' },
  ],
  needs: { userns: 'none' },
  run: () => import('./completion.run.ts'),
};
