/** A line of the table of commands (index.ts): what is known of a command without loading its spec. */
import type { CommandSpec } from '../spec.ts';

export interface CommandEntry {
  readonly path: readonly string[];
  readonly aliases: readonly (readonly string[])[];
  readonly summary: string;
  readonly hidden: boolean;
  readonly load: () => Promise<CommandSpec>;
}

/** Writes a line of the table; paths are words joined by spaces. */
export function entry(path: string, aliases: readonly string[], summary: string, load: () => Promise<{ spec: CommandSpec }>, hidden = false): CommandEntry {
  return { path: path.split(' '), aliases: aliases.map((alias) => alias.split(' ')), summary, hidden, load: async () => (await load()).spec };
}
