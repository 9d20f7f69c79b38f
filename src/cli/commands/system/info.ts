import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['info'],
  aliases: [['system', 'info']],
  summary: 'Print facts about the host and the store',
  options: [
    { name: 'format', short: 'f', kind: 'string', value: 'FORMAT', help: 'Print as "json" or by a Go template instead of YAML' },
    { name: 'debug', short: 'D', kind: 'bool', help: 'Taken for the sake of scripts; all is shown anyway', hidden: true },
  ],
  examples: [
    { text: 'Where the store is', command: `skiff info --format '{{.Store.GraphRoot}}'` },
    { text: 'How the ids are mapped', command: `skiff info --format '{{json .Host.IDMappings}}'` },
  ],
  needs: { userns: 'enter', refusalOk: true },
  run: () => import('./info.run.ts'),
};
