/**
 * CommandSpec: the one declaration of a command. It feeds the strict parser (argv.ts), `--help`, the completions of
 * bash, zsh and fish, the man pages, the launcher's table of verbs (helpers/verbs.h) and the comparison with the peer's
 * option list. A command can't drift from its documentation, because it has only this one.
 *
 * Specs are plain data and cheap to load: `run` imports the command's code late. The tree of all specs is commands/index.ts.
 */

/** How an option's values are read. `repeat` kinds collect in order. A `bool` takes `--x`, `--x=true|false`; a string may be empty. */
export type OptionKind = 'bool' | 'string' | 'int' | 'float' | 'duration' | 'bytes' | 'list';
// duration: Go syntax ("1m30s", bare number = seconds) -> milliseconds; bytes: "64m", "1g" -> bytes; list: repeats collect into string[]

/** What fills a word on the command line, for completion. `choice` lists fixed words. */
export type Completion =
  | { kind: 'none' } | { kind: 'file' } | { kind: 'dir' } | { kind: 'command' }
  | { kind: 'image' } | { kind: 'container'; state?: 'running' | 'stopped' | 'all' }
  | { kind: 'volume' } | { kind: 'network' } | { kind: 'pod' } | { kind: 'secret' } | { kind: 'signal' } | { kind: 'user' } | { kind: 'capability' }
  /** A published port of the container that stands before. */
  | { kind: 'port' }
  | { kind: 'choice'; words: readonly string[] } | { kind: 'key=value' };

export interface OptionSpec {
  /** Long name without dashes: "publish-all". */
  name: string;
  /** One letter: "P". */
  short?: string;
  /** Other long names that mean the same, hidden from help ("filter-by"). */
  aliases?: readonly string[];
  kind: OptionKind;
  /** What stands for the value in help: "KEY=VALUE". Absent for bool. */
  value?: string;
  /** One line for help and man, active voice, no final period. */
  help: string;
  /** Default, as shown in help. The parsed value is undefined where the option was not given: the operation decides. */
  default?: string;
  /** A string option that may stand without a value (build's "--pull" = "true"): then `--pull X` does NOT take X, only `--pull=X`. */
  bare?: string;
  complete?: Completion;
  /** The only values that are taken (string and list); also the words of completion. */
  oneOf?: readonly string[];
  /** A list whose values are split at commas, as pflag's StringSlice does ("--cap-add a,b"; a field in double quotes keeps its commas). */
  commas?: boolean;
  /** Bounds of an int, float, duration or bytes, both included. An int without `min` may be negative. */
  min?: number;
  max?: number;
  hidden?: boolean;
}

export interface ArgSpec {
  /** Upper case, as help shows it: "IMAGE". */
  name: string;
  required?: boolean;
  /** Takes the rest; must be the last. */
  rest?: boolean;
  complete?: Completion;
}

/** What a verb needs before it can start. The launcher reads it (helpers/verbs.h), so it is plain data. */
export interface Needs {
  /**
   * 'none': only reads metadata, enters no namespace. 'enter': joins the user's live user namespace or creates one, with a
   * mount namespace of its own. 'worker' (hidden verbs, started by ourselves from inside): stays in the user namespace it is
   * in and gets one more private mount namespace, to be pivoted away in (host/worker.ts).
   */
  userns: 'none' | 'enter' | 'worker';
  /** Talks to registries: the launcher then keeps NODE_EXTRA_CA_CERTS for Node. */
  network?: boolean;
  /** Makes a container, whose layers the launcher may begin meanwhile (storage/ahead.ts). */
  layers?: boolean;
  /** Runs even where the launcher could not enter the namespace it asked for, and says so itself (doctor, info). */
  refusalOk?: boolean;
}

export interface Example { text: string; command: string }

/** Parsed values by long option name: bool -> boolean, int/float/duration/bytes -> number, string -> string, list -> string[]. */
export type OptionValues = Readonly<Record<string, boolean | number | string | readonly string[] | undefined>>;

/** Refuses a combination of options and arguments that makes no sense. @throws USAGE */
export type Check = (options: OptionValues, args: readonly string[]) => void;

export interface Invocation {
  options: OptionValues;
  /** The positionals. With `stopAtFirst`, everything from the first positional on, untouched. */
  args: readonly string[];
  globals: GlobalOptions;
  spec: CommandSpec;
}

export interface GlobalOptions {
  root?: string; // --root
  runroot?: string; // --runroot
  logLevel?: string; // --log-level trace|debug|info|warn|error
  runtime?: string; // --runtime
  runtimeFlags?: readonly string[]; // --runtime-flag
  cgroupManager?: string; // --cgroup-manager systemd|cgroupfs|disabled
  storageDriver?: string; // --storage-driver: only "overlay"/"overlay2"
  storageOpts?: readonly string[]; // --storage-opt
}

export interface CommandSpec {
  /** Path in the tree: ["image", "ls"]. */
  path: readonly string[];
  /** Other full paths which are the same command: [["images"], ["image", "list"]]. */
  aliases?: readonly (readonly string[])[];
  /** One line, for lists of commands. */
  summary: string;
  /** Paragraphs of plain text for help and man. */
  description?: readonly string[];
  args?: readonly ArgSpec[];
  options?: readonly OptionSpec[];
  /** Parsing of options ends at the first positional (run, create, exec, unshare, top): the rest belongs to the contained command. */
  stopAtFirst?: boolean;
  examples?: readonly Example[];
  /** Cross-option checks, run after parsing and before anything else; each throws USAGE. Shared groups bring theirs (options/). */
  checks?: readonly Check[];
  needs: Needs;
  hidden?: boolean;
  /** Loads the code. The handler returns the exit code (0 where undefined): a contained program's code is a result, not an error. */
  run: () => Promise<{ run: (invocation: Invocation) => Promise<number | void> | number | void }>;
}

/** A noun with verbs below it and no action of its own ("image", "container", "system"). */
export interface GroupSpec { path: readonly string[]; summary: string; hidden?: boolean }
