/** Names on this machine for completion: read without a namespace, without waiting for a lock, and with no more files than needed. */
import { existsSync, readdirSync } from 'node:fs';
import { config, setGlobals } from '../host/config/index.ts';
import { isErrno } from '../lib/errors.ts';
import { openStore, type Store } from '../storage/store.ts';
import type { Candidate } from './complete.ts';
import type { Completion, GlobalOptions } from './spec.ts';

const signals = ['HUP', 'INT', 'QUIT', 'ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'KILL', 'USR1', 'SEGV', 'USR2', 'PIPE', 'ALRM', 'TERM', 'CHLD', 'CONT', 'STOP', 'TSTP', 'TTIN', 'TTOU', 'WINCH'];

/** `globals`: those on the line that is being typed; --root names another store. `args`: the arguments before the word. */
export async function localNames(kind: Completion, typed: string, globals: GlobalOptions, args: readonly string[]): Promise<Candidate[]> {
  if (kind.kind === 'signal') return signals.flatMap((name) => [name, `SIG${name}`]).map((word) => ({ word, help: '' }));
  if (kind.kind === 'capability') return capabilities(typed);
  setGlobals(globals);
  const store = openStore(config().root);
  switch (kind.kind) {
    case 'container':
      return kind.state === 'running' ? runningNames(store) : containerNames(store, typed);
    case 'image':
      return imageNames(store, typed);
    case 'volume':
      return entries(store.layout.volumes).map((word) => ({ word, help: '' }));
    case 'port':
      return publishedPorts(store, args[0] ?? '');
    case 'network':
      return ['none', 'host', 'pasta', 'slirp4netns'].map((word) => ({ word, help: '' }));
    default:
      return [];
  }
}

/** As people write them: without CAP_, in the case that was begun. */
async function capabilities(typed: string): Promise<Candidate[]> {
  const { capabilityNames } = await import('../container/spec/capabilities.ts');
  const isLower = /^[a-z]/.test(typed);
  const hasPrefix = /^cap_/i.test(typed);
  const words = ['ALL', ...capabilityNames.map((name) => (hasPrefix ? name : name.replace(/^CAP_/, '')))];
  return words.map((word) => ({ word: isLower ? word.toLowerCase() : word, help: '' }));
}

async function publishedPorts(store: Store, container: string): Promise<Candidate[]> {
  const [{ findContainer }, { portMappings }, { readRecord }] = await Promise.all([import('../container/lookup.ts'), import('../container/port.ts'), import('../container/record.ts')]);
  const context = { store, runtimeDir: config().runtimeDir };
  return portMappings(readRecord(context, findContainer(context, container))).map(({ inside, outside }) => ({ word: inside, help: outside }));
}

/** From the folder of names alone; ids too, where the word looks like the beginning of one. */
function containerNames(store: Store, typed: string): Candidate[] {
  const ids = /^[0-9a-f]{2,64}$/.test(typed) ? entries(store.layout.containers).filter((id) => /^[0-9a-f]{64}$/.test(id)) : [];
  return [...entries(store.layout.names), ...ids.map((id) => (typed.length > 12 ? id : id.slice(0, 12)))].map((word) => ({ word, help: '' }));
}

async function runningNames(store: Store): Promise<Candidate[]> {
  const { runningContainers } = await import('../container/summary.ts');
  return runningContainers({ store, runtimeDir: config().runtimeDir }).map(({ record }) => ({ word: record.Name.replace(/^\//, ''), help: record.Skiff.imageName }));
}

/** Names of images and of manifest lists: full names, and the last part of the path alone, which is how people type them. */
async function imageNames(store: Store, typed: string): Promise<Candidate[]> {
  const [{ namesByImage }, { canonicalString }] = await Promise.all([import('../image/summary.ts'), import('../oci/reference.ts')]);
  const words = new Map<string, string>();
  const add = (name: string, help: string): void => {
    words.set(name, help);
    if (!typed.includes('/') && !name.includes('@')) words.set(name.slice(name.lastIndexOf('/') + 1), help);
  };
  for (const [id, references] of namesByImage(store)) {
    const help = id.slice('sha256:'.length, 'sha256:'.length + 12);
    for (const reference of references) add(canonicalString(reference), help);
  }
  if (existsSync(store.layout.lists)) {
    const { readLists } = await import('../image/lists/list-store.ts');
    for (const { names, id } of readLists(store)) for (const name of names) add(name, id.slice(0, 12));
  }
  return [...words].map(([word, help]) => ({ word, help }));
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.'));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES')) return [];
    throw error;
  }
}
