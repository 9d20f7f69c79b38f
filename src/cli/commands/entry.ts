/** A line of the table of commands (index.ts): what is known of a command without loading its spec. */
import type { CommandSpec } from '../spec.ts';

export interface CommandEntry {
  readonly path: readonly string[];
  readonly aliases: readonly (readonly string[])[];
  readonly summary: string;
  readonly hidden: boolean;
  readonly load: () => Promise<CommandSpec>;
}

/** Writes a line of the table. Called for each command at every start: it does nothing but that. */
export function entry(path: readonly string[], aliases: readonly (readonly string[])[], summary: string, load: () => Promise<{ spec: CommandSpec }>, hidden = false): CommandEntry {
  return { path, aliases, summary, hidden, load: async () => (await load()).spec };
}
