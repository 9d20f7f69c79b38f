/**
 * One file of registries.conf, and how several become one configuration. Pure: text in, tables out; the TOML parser is handed in,
 * so that nobody loads it who reads no file.
 *
 * @see containers-registries.conf(5), version 2 and its deprecated version 1; containers-registries.conf.d(5)
 */
import { SkiffError, wrap } from '../lib/errors.ts';
import { isObject } from '../lib/json.ts';
import type { NamedReference } from '../oci/reference.ts';
import { normalize, parseReference } from '../oci/reference.ts';
import type { Endpoint } from './index.ts';
import { TableReader, bad } from './toml-table.ts';

/** A [[registry.mirror]]. */
export interface Mirror {
  /** host[:port][/namespace…] */
  readonly location: string;
  readonly insecure: boolean;
  readonly serves: Endpoint['serves'];
}

/** A [[registry]] table. */
export interface RegistryTable {
  /** host[:port][/namespace…] or *.host; never with a slash at its end. */
  readonly prefix: string;
  /** What stands in the place of the prefix; '' (only where the prefix is a wildcard): the name as it is. */
  readonly location: string;
  readonly insecure: boolean;
  readonly blocked: boolean;
  readonly mirrors: readonly Mirror[];
  /** The file that says so. */
  readonly file: string;
}

export type ShortNameMode = 'enforcing' | 'permissive' | 'disabled';

/** A full name for a short one. */
export interface Alias { readonly target: NamedReference; readonly file: string }

export interface RegistriesConf {
  readonly registries: readonly RegistryTable[];
  /** Undefined: nobody said anything, which is not the same as an empty list. */
  readonly search: { readonly registries: readonly string[]; readonly file: string } | undefined;
  readonly shortNameMode: ShortNameMode;
  /** By short name, without tag. */
  readonly aliases: ReadonlyMap<string, Alias>;
  /** Suffixes of docker-credential-* programs, and "containers-auth.json" for the files. */
  readonly credentialHelpers: readonly string[];
}

export const emptyConf: RegistriesConf = {
  registries: [], search: undefined, shortNameMode: 'permissive', aliases: new Map(), credentialHelpers: ['containers-auth.json'],
};

/** One file: what it doesn't mention is undefined. An alias of undefined erases what earlier files said. */
export interface ConfFile {
  readonly registries: readonly RegistryTable[];
  readonly search: readonly string[] | undefined;
  readonly shortNameMode: ShortNameMode | undefined;
  readonly aliases: ReadonlyMap<string, Alias | undefined>;
  readonly credentialHelpers: readonly string[] | undefined;
}

/**
 * What a file can hold, by its first letters and without parsing: nothing where all its lines are empty or comments, aliases alone where
 * it begins with that table and has no other.
 */
export function contentOf(text: string): 'nothing' | 'aliases' | 'tables' {
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.length === 0) return 'nothing';
  return lines[0] === '[aliases]' && !lines.some((line, at) => at > 0 && line.startsWith('[')) ? 'aliases' : 'tables';
}

type Toml = (text: string) => Record<string, unknown>;

/**
 * Keys that we don't know are passed over, as in the peers: newer versions add some.
 * @throws CONFIG_INVALID naming the file and the key
 */
export function parseConfFile(text: string, file: string, parseToml: Toml): ConfFile {
  let document: Record<string, unknown>;
  try {
    document = parseToml(text);
  } catch (cause) {
    throw new SkiffError('CONFIG_INVALID', `${JSON.stringify(file)}: ${cause instanceof Error ? cause.message.trimEnd() : String(cause)}`, { cause });
  }
  const old = document['registries'];
  const known = ['registry', 'unqualified-search-registries', 'short-name-mode', 'aliases', 'credential-helpers'];
  if (old !== undefined) {
    if (known.some((key) => document[key] !== undefined)) throw bad(file, 'has tables of version 1 ([registries.…]) and of version 2: want one of them');
    return parseVersion1(old, file);
  }
  const reader = new TableReader(document, file, '');
  const mode = reader.string('short-name-mode');
  if (mode !== '' && mode !== 'enforcing' && mode !== 'permissive' && mode !== 'disabled') {
    throw bad(file, `short-name-mode is ${JSON.stringify(mode)}: want "enforcing", "permissive" or "disabled"`);
  }
  return {
    registries: reader.tables('registry').map((table) => readRegistry(table, file)),
    search: reader.strings('unqualified-search-registries')?.map((host) => searchRegistry(host, file)),
    shortNameMode: mode === '' ? undefined : mode,
    aliases: readAliases(document['aliases'], file),
    credentialHelpers: reader.strings('credential-helpers'),
  };
}

/** The version of before 2019: three lists of registries. */
function parseVersion1(value: unknown, file: string): ConfFile {
  const outer = new TableReader(value, file, 'registries.');
  const list = (name: string): readonly string[] | undefined => outer.table(name)?.strings('registries');
  const insecure = new Set(list('insecure')?.map((text) => location(text, file, 'registries.insecure')));
  const blocked = new Set(list('block')?.map((text) => location(text, file, 'registries.block')));
  const registries = [...new Set([...insecure, ...blocked])].map((prefix): RegistryTable => (
    { prefix, location: prefix, insecure: insecure.has(prefix), blocked: blocked.has(prefix), mirrors: [], file }));
  return { registries, search: list('search')?.map((host) => searchRegistry(host, file)), shortNameMode: undefined, aliases: new Map(), credentialHelpers: undefined };
}

function readRegistry(table: TableReader, file: string): RegistryTable {
  const place = location(table.string('location'), file, 'registry.location');
  const prefix = table.string('prefix') === '' ? place : location(table.string('prefix'), file, 'registry.prefix');
  if (prefix === '') throw bad(file, 'a [[registry]] has neither prefix nor location');
  const wildcard = prefix.startsWith('*.');
  if (place === '' && !wildcard) throw bad(file, `registry ${JSON.stringify(prefix)} has no location, which only prefixes like "*.example.com" may lack`);
  if (prefix.includes('*', wildcard ? 1 : 0) || (wildcard && /[/:@]/.test(prefix))) {
    throw bad(file, `prefix ${JSON.stringify(prefix)}: a wildcard stands only at the beginning of a bare host, as in "*.example.com"`);
  }
  if (table.string('pull-from-mirror') !== '') throw bad(file, `registry ${JSON.stringify(prefix)}: pull-from-mirror is a setting of mirrors`);
  const digestOnly = table.bool('mirror-by-digest-only');
  return {
    prefix, location: place, insecure: table.bool('insecure'), blocked: table.bool('blocked'), file,
    mirrors: table.tables('mirror').map((mirror) => readMirror(mirror, prefix, digestOnly, file)),
  };
}

function readMirror(table: TableReader, prefix: string, digestOnly: boolean, file: string): Mirror {
  const place = location(table.string('location'), file, 'registry.mirror.location');
  if (place === '') throw bad(file, `a mirror of ${JSON.stringify(prefix)} has no location`);
  const serves = table.string('pull-from-mirror');
  if (serves !== '' && serves !== 'all' && serves !== 'digest-only' && serves !== 'tag-only') {
    throw bad(file, `mirror ${JSON.stringify(place)}: pull-from-mirror is ${JSON.stringify(serves)}: want "all", "digest-only" or "tag-only"`);
  }
  if (serves !== '' && digestOnly) throw bad(file, `mirror ${JSON.stringify(place)}: pull-from-mirror and mirror-by-digest-only of its registry exclude each other`);
  return { location: place, insecure: table.bool('insecure'), serves: digestOnly ? 'digest-only' : serves === '' ? 'all' : serves };
}

/** @see containers-registries.conf(5) "Short-Name Aliasing" */
function readAliases(value: unknown, file: string): Map<string, Alias | undefined> {
  const aliases = new Map<string, Alias | undefined>();
  if (value === undefined) return aliases;
  if (!isObject(value)) throw bad(file, 'aliases must be a table');
  for (const [name, target] of Object.entries(value)) {
    if (typeof target !== 'string') throw bad(file, `alias ${JSON.stringify(name)} must be a string`);
    const short = bareName(name, file);
    if (short.domain !== undefined) throw bad(file, `alias ${JSON.stringify(name)} must be a short name, without a registry`);
    aliases.set(name, target === '' ? undefined : { target: fullName(name, target, file), file });
  }
  return aliases;
}

function fullName(name: string, target: string, file: string): NamedReference {
  const reference = bareName(target, file);
  if (reference.domain === undefined) throw bad(file, `alias ${JSON.stringify(name)}: ${JSON.stringify(target)} names no registry`);
  return normalize(reference);
}

function bareName(text: string, file: string): ReturnType<typeof parseReference> {
  let reference;
  try {
    reference = parseReference(text);
  } catch (error) {
    throw wrap(error, `${JSON.stringify(file)}: aliases`, { data: { file } });
  }
  if (reference.tag !== undefined || reference.digest !== undefined) throw bad(file, `aliases: ${JSON.stringify(text)} must have neither tag nor digest`);
  return reference;
}

/** A location or prefix without the slashes at its end. */
function location(text: string, file: string, what: string): string {
  const bare = text.replace(/\/+$/, '');
  if (/^https?:\/\//i.test(bare)) throw bad(file, `${what} ${JSON.stringify(text)}: want host[:port]/path without "http://"`);
  // oxlint-disable-next-line no-control-regex -- these are what is meant
  if (/[\s\x00-\x1f\x7f]/.test(bare) || bare.startsWith('/')) throw bad(file, `${what} ${JSON.stringify(text)} is no host[:port]/path`);
  return bare;
}

/** Search registries may bring a namespace ("quay.io/team"). */
function searchRegistry(text: string, file: string): string {
  const host = location(text, file, 'unqualified-search-registries');
  try {
    if (parseReference(`${host}/name`).domain === undefined) throw bad(file, `unqualified-search-registries: ${JSON.stringify(text)} is no registry`);
  } catch (error) {
    throw error instanceof SkiffError && error.code === 'CONFIG_INVALID' ? error : bad(file, `unqualified-search-registries: ${JSON.stringify(text)} is no registry`);
  }
  return host;
}

/**
 * Later files over earlier ones: a [[registry]] takes the place of one with the same prefix, lists replace lists, aliases are put over
 * aliases. Registries come out longest prefix first.
 * @throws CONFIG_INVALID where two tables of one location disagree about insecure or blocked
 */
export function mergeConf(files: readonly (ConfFile & { readonly file: string })[]): RegistriesConf {
  const tables = new Map<string, RegistryTable>();
  const aliases = new Map<string, Alias>();
  let { search, shortNameMode, credentialHelpers } = emptyConf;
  for (const file of files) {
    for (const table of file.registries) tables.set(table.prefix, table);
    for (const [name, alias] of file.aliases) {
      if (alias === undefined) aliases.delete(name);
      else aliases.set(name, alias);
    }
    if (file.search !== undefined) search = { registries: file.search, file: file.file };
    if (file.shortNameMode !== undefined) shortNameMode = file.shortNameMode;
    if (file.credentialHelpers !== undefined && file.credentialHelpers.length > 0) credentialHelpers = file.credentialHelpers;
  }
  const registries = [...tables.values()].toSorted((a, b) => b.prefix.length - a.prefix.length);
  checkAgreement(registries);
  return { registries, search, shortNameMode, aliases, credentialHelpers };
}

function checkAgreement(registries: readonly RegistryTable[]): void {
  const byLocation = new Map<string, RegistryTable>();
  for (const table of registries) {
    const other = byLocation.get(table.location);
    if (other === undefined || table.location === '') byLocation.set(table.location, table);
    else if (other.insecure !== table.insecure || other.blocked !== table.blocked) {
      const what = other.insecure === table.insecure ? 'blocked' : 'insecure';
      throw bad(table.file, `location ${JSON.stringify(table.location)} has two tables which disagree about ${what}`);
    }
  }
}
