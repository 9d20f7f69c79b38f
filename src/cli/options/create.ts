/** All options that make a container: of run and create. */
import { SkiffError } from '../../lib/errors.ts';
import type { Check, OptionSpec } from '../spec.ts';
import { exclusive, isGiven } from './checks.ts';
import { limitChecks, limitOptions } from './limits.ts';
import { mountOptions } from './mounts.ts';
import { namespaceOptions } from './namespaces.ts';
import { networkChecks, networkOptions } from './network.ts';
import { checkPlatform, platformOptions } from './platform.ts';
import { processOptions } from './process.ts';
import { authfileOption, tlsVerifyOption } from './registry.ts';
import { securityOptions } from './security.ts';
import { interactiveOption, ttyOption } from './streams.ts';

const identityOptions: readonly OptionSpec[] = [
  { name: 'name', kind: 'string', value: 'NAME', help: 'Name of the container' },
  { name: 'replace', kind: 'bool', help: 'Remove a container of the same name first' },
  { name: 'label', short: 'l', kind: 'list', value: 'KEY=VALUE', help: 'Label of the container' },
  { name: 'label-file', kind: 'list', commas: true, value: 'FILE', help: 'Read labels from a file, one a line', complete: { kind: 'file' } },
  { name: 'annotation', kind: 'list', commas: true, value: 'KEY=VALUE', help: 'Annotation for the OCI runtime' },
  { name: 'cidfile', kind: 'string', value: 'FILE', help: 'Write the container id to a file, which must not exist; it goes with the container', complete: { kind: 'file' } },
  { name: 'conmon-pidfile', kind: 'string', value: 'FILE', help: "Write the process id of the container's monitor to a file", complete: { kind: 'file' } },
  { name: 'sdnotify', kind: 'string', value: 'MODE', help: 'Whether a unit of Type=notify is told of the start, with the monitor as its main process', oneOf: ['conmon', 'ignore'], default: 'ignore' },
  { name: 'pidfile', kind: 'string', value: 'FILE', help: 'Write the process id of the container to a file', complete: { kind: 'file' } },
];

const imageOptions: readonly OptionSpec[] = [
  { name: 'pull', kind: 'string', value: 'POLICY', help: 'Where the image comes from', oneOf: ['always', 'missing', 'never', 'newer'], default: 'missing' },
  { name: 'quiet', short: 'q', kind: 'bool', help: 'Do not show the progress of a pull' },
  ...platformOptions,
  authfileOption,
  tlsVerifyOption,
  { name: 'disable-content-trust', kind: 'bool', help: 'Docker\'s; without effect', hidden: true },
];

const lifecycleOptions: readonly OptionSpec[] = [
  { name: 'rm', kind: 'bool', help: 'Remove the container when it ends' },
  { name: 'rmi', kind: 'bool', help: 'Remove the image too when the container ends, unless another container uses it' },
  {
    name: 'restart', kind: 'string', value: 'POLICY', help: 'When to start again after the end: no, always, on-failure[:TIMES], unless-stopped', default: 'no',
    complete: { kind: 'choice', words: ['no', 'always', 'on-failure', 'unless-stopped'] },
  },
];

const logOptions: readonly OptionSpec[] = [
  { name: 'log-driver', kind: 'string', value: 'DRIVER', help: 'Where output is kept', oneOf: ['json-file', 'k8s-file', 'journald', 'none', 'passthrough'], default: 'json-file' },
  {
    name: 'log-opt', kind: 'list', commas: true, value: 'KEY=VALUE', help: 'max-size=SIZE, max-file=NUMBER, path=FILE, tag=TEXT',
    complete: { kind: 'choice', words: ['max-size=', 'max-file=', 'path=', 'tag='] },
  },
];

export const createOptions: readonly OptionSpec[] = [
  ...identityOptions, ...imageOptions, ...processOptions, ...namespaceOptions, ...mountOptions, ...networkOptions, ...securityOptions, ...limitOptions,
  ...lifecycleOptions, ...logOptions, interactiveOption, ttyOption,
];

const replaceNeedsName: Check = (options) => {
  if (isGiven(options, 'replace') && !isGiven(options, 'name')) throw new SkiffError('USAGE', 'cannot replace a container without --name');
};

const removeOrRestart: Check = (options) => {
  const policy = options['restart'];
  if (isGiven(options, 'rm') && typeof policy === 'string' && policy !== '' && policy !== 'no') throw new SkiffError('USAGE', '--rm and --restart cannot be used together');
};

const passthroughWithoutTerminal: Check = (options) => {
  if (options['log-driver'] === 'passthrough' && isGiven(options, 'tty')) throw new SkiffError('USAGE', '--log-driver passthrough and --tty cannot be used together');
};

export const createChecks: readonly Check[] = [
  replaceNeedsName, removeOrRestart, passthroughWithoutTerminal, exclusive('unsetenv', 'unsetenv-all'), ...networkChecks, ...limitChecks, checkPlatform,
];
