/** `--filter KEY=VALUE`, as lib/filter.ts reads it. */
import type { OptionSpec } from '../spec.ts';

/** `keys` ("status"), or whole values of one ("status=running"), are for completion; the operation judges what it gets. The letter is -f where none is named, and none where it is undefined. */
export function filterOption(keys: readonly string[], help = 'Only those that match', ...letter: [short?: string | undefined]): OptionSpec {
  const short = letter.length === 0 ? 'f' : letter[0];
  return {
    name: 'filter', ...(short === undefined ? {} : { short }), kind: 'list', commas: true, value: 'KEY=VALUE', help,
    complete: { kind: 'choice', words: keys.map((key) => (key.includes('=') ? key : `${key}=`)) },
  };
}
