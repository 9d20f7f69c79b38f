/** Which words stand below a noun: for help, completion and man pages. */
import { groups } from './commands/groups.ts';
import { commands } from './commands/index.ts';

/** The visible words one level below `path`, sorted: commands, aliases and groups. */
export function membersOf(path: readonly string[]): { name: string; summary: string }[] {
  const members = new Map<string, string>(path.length === 0 ? [['help', 'Print help about a command']] : []);
  for (const entry of commands) {
    if (entry.hidden) continue;
    for (const full of [entry.path, ...entry.aliases]) {
      const below = full.length > path.length && path.every((word, i) => full[i] === word);
      if (!below) continue;
      const name = full[path.length] ?? '';
      if (full.length === path.length + 1) members.set(name, entry.summary);
      else if (!members.has(name)) {
        const group = groups.find((candidate) => candidate.path.join(' ') === full.slice(0, path.length + 1).join(' '));
        members.set(name, group?.summary ?? '');
      }
    }
  }
  return [...members].map(([name, summary]) => ({ name, summary })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
