/**
 * Config: what this machine and this user have decided for every command, from the command line's global options, the
 * environment and containers.conf. Read once, frozen. Where nothing is said, a setting is undefined and the operation decides: the
 * defaults of containers live with those who use them.
 *
 * `root` and `runtimeDir` cost next to nothing; where the user named one that can't be, the first look at it throws. The rest reads containers.conf at the first look at any of it, so that `ps` and
 * `images` never do.
 *
 * @see containers.conf(5) of containers-common
 */
import { resolve } from 'node:path';
import { SkiffError } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import { session } from '../session.ts';
import { containersConfFiles } from './files.ts';
import { homeDir } from './home.ts';
import { mustBePossible } from './possible.ts';
import { readSettings } from './read.ts';
import type { Settings } from './settings.ts';

export type { CgroupManagerWish, Settings, Ulimit } from './settings.ts';

export interface Places {
  /** The store, absolute: --root, $SKIFF_ROOT, $XDG_DATA_HOME/skiff, ~/.local/share/skiff. It need not exist yet. */
  readonly root: string;
  /** What must not outlive a boot, absolute: --runroot (made by the first who writes there), else, made by the launcher, $XDG_RUNTIME_DIR/skiff or its stand-in. */
  readonly runtimeDir: string;
  /** $XDG_CONFIG_HOME or ~/.config. */
  readonly configHome: string;
  /** --storage-opt overlay.mount_program=PATH: this program in the stead of the kernel's overlay. */
  readonly mountProgram: string | undefined;
}

export type Config = Readonly<Places & Settings>;

/** The global options that bear on the configuration (cli/spec.ts GlobalOptions). */
export interface ConfigGlobals {
  root?: string;
  runroot?: string;
  runtime?: string;
  runtimeFlags?: readonly string[];
  cgroupManager?: string;
  storageOpts?: readonly string[];
}

let globals: ConfigGlobals = {};
let current: Config | undefined;

/** The global options of this command line; to be called before config(). */
export function setGlobals(values: ConfigGlobals): void {
  globals = values;
  current = undefined;
}

/** The configuration of this process. @throws CONFIG_INVALID at the first look at a setting, where a file is wrong */
export function config(): Config {
  current ??= makeConfig(globals, process.env, session().runtimeDir);
  return current;
}

/** The same from given sources; a value to read by name, which lists nothing of itself. Everything but `env`, `given` and the files of containers.conf is left alone. */
export function makeConfig(given: ConfigGlobals, env: NodeJS.ProcessEnv, runtimeDir: string): Config {
  let settings: Settings | undefined;
  let root: string | undefined;
  let runDir: string | undefined;
  const load = (): Settings => (settings ??= Object.freeze({ ...readSettings(containersConfFiles(env)), ...fromGlobals(given) }));
  const made = {
    get root() {
      return (root ??= rootDir(given, env));
    },
    get runtimeDir() {
      return (runDir ??= given.runroot === undefined ? runtimeDir : named(given.runroot, '--runroot'));
    },
    get configHome() {
      return configHome(env);
    },
    mountProgram: mountProgram(given.storageOpts ?? []),
  };
  return new Proxy(Object.freeze(made) as typeof made & Settings, { get: (own, name) => (Object.hasOwn(own, name) ? own : load())[name as keyof Settings] });
}

function rootDir(given: ConfigGlobals, env: NodeJS.ProcessEnv): string {
  if (given.root !== undefined) return named(given.root, '--root');
  if (env['SKIFF_ROOT']) return named(env['SKIFF_ROOT'], 'SKIFF_ROOT');
  // The base directory specification: a relative value is to be ignored.
  if (env['XDG_DATA_HOME']?.startsWith('/') === true) return join(env['XDG_DATA_HOME'], 'skiff');
  return join(homeDir(env), '.local', 'share', 'skiff');
}

function configHome(env: NodeJS.ProcessEnv): string {
  return env['XDG_CONFIG_HOME']?.startsWith('/') === true ? env['XDG_CONFIG_HOME'] : join(homeDir(env), '.config');
}

/** As Podman spells it, with the driver's name in front or without. @throws UNSUPPORTED for any other option: none is passed over in silence */
function mountProgram(options: readonly string[]): string | undefined {
  let program: string | undefined;
  for (const option of options) {
    const [, value] = /^(?:overlay2?)?\.?mount_program=(.*)$/.exec(option) ?? [];
    if (value === undefined) throw new SkiffError('UNSUPPORTED', `--storage-opt ${JSON.stringify(option)}: the only storage option is overlay.mount_program=PATH`);
    program = value === '' ? undefined : value;
  }
  return program;
}

function named(path: string, source: string): string {
  if (path === '') throw new SkiffError('USAGE', `${source} is empty: want a folder`);
  const absolute = resolve(path);
  mustBePossible(absolute, source);
  return absolute;
}

function fromGlobals(given: ConfigGlobals): Partial<Settings> {
  return {
    ...(given.runtime === undefined ? {} : { runtime: given.runtime }),
    ...(given.runtimeFlags === undefined ? {} : { runtimeFlags: given.runtimeFlags }),
    ...(given.cgroupManager === undefined ? {} : { cgroupManager: given.cgroupManager as Settings['cgroupManager'] }),
  };
}
