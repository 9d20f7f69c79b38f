/**
 * The image config: a typed, read-only view. Keys are spelled as the specification spells them. The view holds the fields
 * we know; the raw bytes stay the truth, because the imageID is their digest.
 *
 * @see image-spec config.md; moby image/spec/spec.md v1.3 (Healthcheck, OnBuild, Shell)
 */
import type { DiffID } from './ids.ts';
import { parseDiffID } from './ids.ts';
import { FieldReader, parseJson } from './json.ts';

/** Durations are nanoseconds, as Docker stores them. Test: ["NONE"] | ["CMD", …] | ["CMD-SHELL", text]. */
export interface Healthcheck {
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

/** What containers of the image start from. Data only: nothing here steers the runtime except by these fields. */
export interface RunConfig {
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Volumes?: Readonly<Record<string, object>>;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
  /** Seconds. */
  readonly StopTimeout?: number;
  readonly Healthcheck?: Healthcheck;
  readonly OnBuild?: readonly string[];
  readonly Shell?: readonly string[];
}

/** One step of how the image came to be, oldest first. */
export interface HistoryEntry {
  readonly created?: string;
  readonly created_by?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly empty_layer?: boolean;
}

export interface ImageConfig {
  /** RFC 3339, as written; absent where the image does not say. */
  readonly created?: string;
  readonly author?: string;
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly osVersion?: string;
  /** Of Docker's builder: the version that wrote it. */
  readonly docker_version?: string;
  /** Docker's classic builder and `commit` leave the message here as well as in the history. */
  readonly comment?: string;
  readonly config: RunConfig;
  /** diff_ids: base layer first. */
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly DiffID[] };
  readonly history: readonly HistoryEntry[];
}

/** The bound that c/image uses as well. */
export const maxConfigBytes = 4 * 1024 * 1024;
const maxLayers = 1024;

/** @throws CONFIG_INVALID, DIGEST_INVALID (a diff_id) */
export function parseImageConfig(raw: Uint8Array): ImageConfig {
  const top = new FieldReader(parseJson(raw, { what: 'image config', code: 'CONFIG_INVALID', maxBytes: maxConfigBytes }), 'image config', 'CONFIG_INVALID');
  top.refuseCaseVariants(['architecture', 'os', 'rootfs', 'history', 'config', 'created']);
  const rootfs = top.optionalObject('rootfs');
  if (rootfs === undefined) throw top.fail('rootfs', 'present');
  rootfs.refuseCaseVariants(['type', 'diff_ids']);
  if (rootfs.string('type') !== 'layers') throw rootfs.fail('type', '"layers"');
  const diffIDs = (rootfs.optionalArray('diff_ids', maxLayers) ?? []).map(parseDiffID);
  return compact({
    created: top.optionalString('created'),
    author: nonEmpty(top.optionalString('author')),
    architecture: top.optionalString('architecture') ?? '',
    os: nonEmpty(top.optionalString('os')) ?? 'linux',
    variant: nonEmpty(top.optionalString('variant')),
    osVersion: nonEmpty(top.optionalString('os.version')),
    docker_version: nonEmpty(top.optionalString('docker_version')),
    comment: nonEmpty(top.optionalString('comment')),
    config: runConfig(top.optionalObject('config')),
    rootfs: { type: 'layers' as const, diff_ids: diffIDs },
    history: (top.optionalArray('history', 10_000) ?? []).map((value, at) => historyEntry(new FieldReader(value, `image config: history entry ${at}`, 'CONFIG_INVALID'))),
  });
}

function runConfig(from: FieldReader | undefined): RunConfig {
  if (from === undefined) return {};
  return compact({
    User: nonEmpty(from.optionalString('User')),
    ExposedPorts: from.optionalKeySet('ExposedPorts'),
    Env: from.optionalStrings('Env'),
    Entrypoint: words(from, 'Entrypoint'),
    Cmd: words(from, 'Cmd'),
    Volumes: from.optionalKeySet('Volumes'),
    WorkingDir: nonEmpty(from.optionalString('WorkingDir')),
    Labels: from.optionalStringMap('Labels'),
    StopSignal: nonEmpty(from.optionalString('StopSignal')),
    StopTimeout: from.optionalInteger('StopTimeout'),
    Healthcheck: healthcheck(from.optionalObject('Healthcheck')),
    OnBuild: from.optionalStrings('OnBuild'),
    Shell: words(from, 'Shell'),
  });
}

/** Old Docker images may hold a plain string where a list of words is meant: it stands for one word (moby strslice). */
function words(from: FieldReader, name: string): string[] | undefined {
  const value = from.value(name);
  return typeof value === 'string' ? [value] : from.optionalStrings(name);
}

function healthcheck(from: FieldReader | undefined): Healthcheck | undefined {
  if (from === undefined) return undefined;
  return compact({
    Test: from.optionalStrings('Test'),
    Interval: from.optionalInteger('Interval'),
    Timeout: from.optionalInteger('Timeout'),
    StartPeriod: from.optionalInteger('StartPeriod'),
    StartInterval: from.optionalInteger('StartInterval'),
    Retries: from.optionalInteger('Retries'),
  });
}

function historyEntry(from: FieldReader): HistoryEntry {
  return compact({
    created: from.optionalString('created'),
    created_by: from.optionalString('created_by'),
    author: from.optionalString('author'),
    comment: from.optionalString('comment'),
    empty_layer: from.optionalBoolean('empty_layer'),
  });
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** Drops keys whose value is undefined, so that views serialise without them. */
type Compacted<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };
function compact<T extends object>(value: T): Compacted<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Compacted<T>;
}
