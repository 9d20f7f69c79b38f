/**
 * The tree of commands, carried by citty: a leaf's `run` parses its raw arguments itself. citty's own parsing is not used: it lets
 * unknown flags pass and keeps only the last of repeats. Nodes are made when they are asked for: a command walks past two of two hundred.
 */
import { defineCommand, type CommandDef } from 'citty';
import type { CommandEntry } from './commands/entry.ts';

export interface Leaf { kind: 'leaf'; entry: CommandEntry; command: CommandDef }

/** All commands whose path or alias begins with `path`. */
export interface Group {
  kind: 'group';
  path: readonly string[];
  /** What follows `path` with this word; a command comes before a group of the same name. */
  find(word: string): Leaf | Group | undefined;
  /** The words that may follow, but for those of hidden commands. */
  words(): readonly string[];
}

/** Does what a leaf is for: gets the words after its name and gives the exit code. */
export type Invoke = (entry: CommandEntry, rawArgs: readonly string[]) => Promise<number>;

/** The root. Loads no spec. */
export function buildTree(entries: readonly CommandEntry[], invoke: Invoke): Group {
  return group(entries, [], invoke);
}

function group(entries: readonly CommandEntry[], path: readonly string[], invoke: Invoke): Group {
  return {
    kind: 'group',
    path,
    find(word) {
      const longer = [...path, word];
      let below = false;
      for (const entry of entries) {
        for (const one of [entry.path, ...entry.aliases]) {
          if (!startsWith(one, longer)) continue;
          if (one.length === longer.length) return leaf(entry, invoke);
          below = true;
        }
      }
      return below ? group(entries, longer, invoke) : undefined;
    },
    words() {
      const found = new Set<string>();
      for (const entry of entries) {
        for (const one of [entry.path, ...entry.aliases]) {
          const word = one[path.length];
          if (word !== undefined && startsWith(one, path) && !(entry.hidden && one.length === path.length + 1)) found.add(word);
        }
      }
      return [...found];
    },
  };
}

function startsWith(words: readonly string[], start: readonly string[]): boolean {
  return start.every((word, at) => words[at] === word);
}

function leaf(entry: CommandEntry, invoke: Invoke): Leaf {
  const command = defineCommand({
    meta: { name: entry.path.at(-1) ?? '', description: entry.summary, hidden: entry.hidden },
    run: ({ rawArgs }) => invoke(entry, rawArgs),
  });
  return { kind: 'leaf', entry, command };
}

/** As citty's runCommand() does, but for the parse of arguments that no command declares: it takes Node half a millisecond. */
export async function runLeaf({ command }: Leaf, words: readonly string[]): Promise<number> {
  const rawArgs = [...words];
  const result: unknown = await command.run?.({ rawArgs, args: { _: rawArgs } as never, cmd: command });
  return typeof result === 'number' ? result : 0;
}
