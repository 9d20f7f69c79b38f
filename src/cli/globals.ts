/** The options of skiff itself. They may stand before the verb or among the verb's own (a verb's own of the same name win). */
import { logLevels } from '../lib/log.ts';
import type { GlobalOptions, OptionSpec, OptionValues } from './spec.ts';

export const globalOptions: readonly OptionSpec[] = [
  { name: 'root', kind: 'string', value: 'DIR', help: 'Store of images and containers', default: '~/.local/share/skiff', complete: { kind: 'dir' } },
  { name: 'runroot', kind: 'string', value: 'DIR', help: 'Folder of what must not outlive a boot', default: '$XDG_RUNTIME_DIR/skiff', complete: { kind: 'dir' } },
  {
    name: 'log-level', kind: 'string', value: 'LEVEL', help: 'Show messages of this level and above', default: 'warn',
    complete: { kind: 'choice', words: logLevels },
  },
  { name: 'runtime', kind: 'string', value: 'NAME|PATH', help: 'OCI runtime', default: 'crun', complete: { kind: 'choice', words: ['crun', 'runc'] } },
  { name: 'runtime-flag', kind: 'list', value: 'FLAG', help: 'Option of the OCI runtime itself, without its dashes' },
  { name: 'cgroup-manager', kind: 'string', value: 'MANAGER', help: 'Who makes control groups', oneOf: ['systemd', 'cgroupfs', 'disabled'] },
  { name: 'storage-driver', kind: 'string', value: 'NAME', help: 'Storage driver; there is one', oneOf: ['overlay', 'overlay2'], default: 'overlay2' },
  { name: 'storage-opt', kind: 'list', value: 'OPTION', help: 'Option of the storage driver' },
];

/** Only before the verb. */
export const versionOption: OptionSpec = { name: 'version', short: 'v', kind: 'bool', help: 'Print the version' };

/** The typed globals of parsed values; later ones (given after the verb) win over `before`. */
export function readGlobals(values: OptionValues, before: GlobalOptions = {}): GlobalOptions {
  const globals: GlobalOptions = { ...before };
  const string = (name: string): string | undefined => values[name] as string | undefined;
  const list = (name: string): readonly string[] | undefined => values[name] as readonly string[] | undefined;
  const set = <K extends keyof GlobalOptions>(key: K, value: GlobalOptions[K] | undefined): void => {
    if (value !== undefined) globals[key] = value;
  };
  set('root', string('root'));
  set('runroot', string('runroot'));
  set('logLevel', string('log-level'));
  set('runtime', string('runtime'));
  set('runtimeFlags', list('runtime-flag'));
  set('cgroupManager', string('cgroup-manager'));
  set('storageDriver', string('storage-driver'));
  set('storageOpts', list('storage-opt'));
  return globals;
}

/** Takes the global options that a verb does not define itself out of its parsed values. */
export function splitGlobals(values: OptionValues, own: readonly OptionSpec[]): { own: OptionValues; globals: OptionValues } {
  const globals: Record<string, OptionValues[string]> = {};
  const rest: Record<string, OptionValues[string]> = { ...values };
  for (const { name } of globalOptions) {
    if (rest[name] === undefined || own.some((option) => option.name === name)) continue;
    globals[name] = rest[name];
    delete rest[name];
  }
  return { own: rest, globals };
}
