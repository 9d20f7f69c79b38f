/**
 * The tree of commands, carried by citty: a node per word, its children lazy, a leaf's `run` parsing its raw arguments
 * itself. citty's own parsing is not used: it lets unknown flags pass and keeps only the last of repeats.
 */
import { defineCommand, type CommandDef, type SubCommandsDef } from 'citty';
import type { CommandEntry } from './commands/entry.ts';

export interface Leaf { kind: 'leaf'; entry: CommandEntry; command: CommandDef }
export interface Group { kind: 'group'; path: readonly string[]; words: ReadonlyMap<string, Node>; command: CommandDef }
export type Node = Leaf | Group;

/** Does what a leaf is for: gets the words after its name and gives the exit code. */
export type Invoke = (entry: CommandEntry, rawArgs: readonly string[]) => Promise<number>;

/** Builds the nodes for all paths and aliases. Cheap: loads no spec. */
export function buildTree(entries: readonly CommandEntry[], invoke: Invoke): Group {
  const root: Draft = { path: [], words: new Map() };
  for (const entry of entries) {
    for (const path of [entry.path, ...entry.aliases]) {
      let draft = root;
      for (const word of path.slice(0, -1)) {
        let next = draft.words.get(word);
        if (next === undefined || 'entry' in next) draft.words.set(word, (next = { path: [...draft.path, word], words: new Map() }));
        draft = next;
      }
      draft.words.set(path.at(-1) ?? '', { entry });
    }
  }
  return group(root, invoke);
}

interface Draft { path: string[]; words: Map<string, Draft | { entry: CommandEntry }> }

function group(draft: Draft, invoke: Invoke): Group {
  const words = new Map<string, Node>();
  const subCommands: SubCommandsDef = {};
  for (const [word, child] of draft.words) {
    const node = 'entry' in child ? leaf(child.entry, invoke) : group(child, invoke);
    words.set(word, node);
    subCommands[word] = node.command;
  }
  return { kind: 'group', path: draft.path, words, command: defineCommand({ meta: { name: draft.path.at(-1) ?? 'skiff' }, subCommands }) };
}

function leaf(entry: CommandEntry, invoke: Invoke): Leaf {
  const command = defineCommand({
    meta: { name: entry.path.at(-1) ?? '', description: entry.summary, hidden: entry.hidden },
    run: ({ rawArgs }) => invoke(entry, rawArgs),
  });
  return { kind: 'leaf', entry, command };
}
