import { exclusive } from '../../options/checks.ts';
import { checkPlatform, platformOptions } from '../../options/platform.ts';
import { registryOptions, retryOptions } from '../../options/registry.ts';
import { progressOption } from '../../progress/option.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['pull'],
  aliases: [['image', 'pull']],
  summary: 'Get images from registries and other places',
  description: [
    'IMAGE is a name with or without a registry, or a place: docker://REGISTRY/NAME[:TAG], docker-archive:FILE[:NAME], oci:FOLDER[:NAME], oci-archive:FILE[:NAME], dir:FOLDER, docker-daemon:NAME[:TAG].',
    'A name without a registry is looked up as registries.conf(5) has it, without a question; which registry was asked is said on standard error.',
    'Layers that are in the store are not fetched. Downloads that were cut go on where they were, also after a reboot. An image appears whole or not at all.',
    'Prints the ids of the images. Progress goes to standard error: bars on a terminal, else a line a step. With --progress json it is a JSON object a line, as Docker\'s API streams them: status, id (of a layer), progressDetail with current and total bytes, and for each image aux with ID, Name and Digest.',
  ],
  args: [{ name: 'IMAGE', required: true, rest: true, complete: { kind: 'image' } }],
  options: [
    { name: 'all-tags', short: 'a', kind: 'bool', help: 'Pull every tag of the repository' },
    { name: 'policy', kind: 'string', value: 'POLICY', oneOf: ['always', 'missing', 'newer', 'never'], default: 'always', help: 'When to ask the registry: always, if the image is missing, if it has a newer one, or never' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Show no progress' },
    progressOption,
    ...platformOptions,
    ...registryOptions,
    ...retryOptions,
    { name: 'signature-policy', kind: 'string', value: 'FILE', help: 'Trust policy, instead of policy.json', hidden: true, complete: { kind: 'file' } },
    { name: 'disable-content-trust', kind: 'bool', help: 'Docker\'s; without effect', hidden: true },
  ],
  checks: [checkPlatform, exclusive('quiet', 'progress')],
  examples: [
    { text: 'The newest image', command: 'skiff pull docker.io/library/nginx' },
    { text: 'An image for another machine', command: 'skiff pull --platform linux/arm64 docker.io/library/alpine:3.20' },
    { text: 'Out of a folder that skopeo wrote', command: 'skiff pull dir:/srv/images/app' },
  ],
  needs: { userns: 'enter', network: true },
  run: () => import('./pull.run.ts'),
};
