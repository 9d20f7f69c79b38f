/** From the files of containers.conf to Settings. */
import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { SkiffError, wrap } from '../../lib/errors.ts';
import { isObject } from '../../lib/json.ts';
import { parseBytes } from '../../lib/units.ts';
import { settingRows } from './settings.ts';
import type { FileSettings, SettingKind, Settings, Ulimit } from './settings.ts';

/** Reads and merges, later files over earlier ones. @throws CONFIG_INVALID with the file's name and the key */
export function readSettings(files: readonly string[]): Settings {
  let merged: FileSettings = {};
  for (const file of files) {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      throw wrap(error, 'read configuration');
    }
    merged = mergeSettings(merged, text, file);
  }
  return completeSettings(merged);
}

/** Pure: puts one file over what the earlier ones said. */
export function mergeSettings(before: FileSettings, text: string, file: string): FileSettings {
  let document: Record<string, unknown>;
  try {
    document = parseSettings(text);
  } catch (error) {
    throw new SkiffError('CONFIG_INVALID', `${JSON.stringify(file)}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const merged: Record<string, unknown> = { ...before };
  for (const [name, { table, key, kind }] of Object.entries(settingRows)) {
    const section = document[table];
    if (section !== undefined && !isObject(section)) throw invalid(file, table, 'a table');
    const value = section?.[key];
    if (value !== undefined) merged[name] = readValue(value, kind, merged[name], () => `${table}.${key}`, file);
  }
  return merged;
}

/**
 * The distributions' containers.conf is hundreds of lines of comments around a few settings: dropping these first saves most of the
 * parser's time. Not where the text has multi-line strings, in which such a line is data.
 */
function parseSettings(text: string): Record<string, unknown> {
  if (text.includes('"""') || text.includes("'''")) return parse(text);
  const dense = withoutComments(text);
  if (dense === '') return {};
  try {
    return parse(dense);
  } catch {
    return parse(text); // fails as well, and the line that it names is the file's
  }
}

/** The lines that are neither empty nor all comment. Without a string or an object for each of the others. */
function withoutComments(text: string): string {
  const [tab, newline, carriageReturn, space, hash] = [9, 10, 13, 32, 35];
  let dense = '';
  for (let start = 0; start < text.length;) {
    const newlineAt = text.indexOf('\n', start);
    const end = newlineAt < 0 ? text.length : newlineAt + 1;
    let at = start;
    while (at < end && (text.charCodeAt(at) === space || text.charCodeAt(at) === tab || text.charCodeAt(at) === carriageReturn)) at++;
    const first = at < end ? text.charCodeAt(at) : newline;
    if (first !== hash && first !== newline) dense += text.slice(start, end);
    start = end;
  }
  return dense;
}

function readValue(value: unknown, kind: SettingKind, before: unknown, name: () => string, file: string): unknown {
  switch (kind) {
    case 'string':
      if (typeof value !== 'string') throw invalid(file, name(), 'a string');
      return value;
    case 'bool':
      if (typeof value !== 'boolean') throw invalid(file, name(), 'true or false');
      return value;
    case 'count':
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw invalid(file, name(), 'a whole number');
      return value;
    case 'bytes':
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
      if (typeof value !== 'string') throw invalid(file, name(), 'a size');
      return readBytes(value, name, file);
    case 'strings':
      return readList(value, before as readonly string[] | undefined, name, file);
    case 'stringsMap':
      if (!isObject(value)) throw invalid(file, name(), 'a table of lists');
      return { ...(before as object | undefined), ...Object.fromEntries(Object.entries(value).map(([key, list]) => [key, readList(list, undefined, () => `${name()}.${key}`, file)])) };
  }
}

/** A list replaces what was there, or is put behind it where it contains {append=true}. @see containers.conf(5) "Appending to String Arrays" */
function readList(value: unknown, before: readonly string[] | undefined, name: () => string, file: string): readonly string[] {
  if (!Array.isArray(value)) throw invalid(file, name(), 'a list of strings');
  let append = false;
  const items: string[] = [];
  for (const item of value) {
    if (typeof item === 'string') items.push(item);
    else if (isObject(item) && typeof item['append'] === 'boolean') append = item['append'];
    else throw invalid(file, name(), 'a list of strings');
  }
  return append ? [...(before ?? []), ...items] : items;
}

function readBytes(text: string, name: () => string, file: string): number {
  try {
    return parseBytes(text);
  } catch (error) {
    throw new SkiffError('CONFIG_INVALID', `${JSON.stringify(file)}: ${name()}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function completeSettings(files: FileSettings): Settings {
  const { ulimitTexts, cgroupManagerText, ...rest } = files;
  return {
    ...rest,
    ulimits: ulimitTexts?.map(parseUlimit),
    cgroupManager: parseCgroupManager(cgroupManagerText),
    runtimeFlags: [],
  } as Settings; // absent members read as undefined
}

function parseCgroupManager(text: string | undefined): Settings['cgroupManager'] {
  if (text === undefined || text === '') return 'auto';
  if (text === 'systemd' || text === 'cgroupfs') return text;
  throw new SkiffError('CONFIG_INVALID', `containers.conf: engine.cgroup_manager is ${JSON.stringify(text)}: want "systemd" or "cgroupfs"`);
}

/** "nofile=1024:2048", "core=0"; -1 is no limit. */
export function parseUlimit(text: string): Ulimit {
  const match = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text);
  const [, type, soft, hard] = match ?? [];
  if (type === undefined || soft === undefined) {
    throw new SkiffError('CONFIG_INVALID', `containers.conf: containers.default_ulimits has ${JSON.stringify(text)}: want NAME=SOFT:HARD`);
  }
  return { type, soft: Number(soft), hard: Number(hard ?? soft) };
}

function invalid(file: string, name: string, wanted: string): SkiffError {
  return new SkiffError('CONFIG_INVALID', `${JSON.stringify(file)}: ${name} must be ${wanted}`);
}
