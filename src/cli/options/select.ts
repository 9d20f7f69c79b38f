/** Options that choose containers where no names are given. */
import type { OptionSpec } from '../spec.ts';

/** The letter is -a where none is named, and none where it is undefined (`start`, whose -a is --attach). */
export function allOption(help: string, ...letter: [short?: string | undefined]): OptionSpec {
  const short = letter.length === 0 ? 'a' : letter[0];
  return { name: 'all', ...(short === undefined ? {} : { short }), kind: 'bool', help };
}
export const latestOption: OptionSpec = { name: 'latest', short: 'l', kind: 'bool', help: 'Act on the container created last' };
export const cidfileOption: OptionSpec = { name: 'cidfile', kind: 'list', value: 'FILE', help: 'Read the container id from a file', complete: { kind: 'file' } };
export const ignoreOption: OptionSpec = { name: 'ignore', short: 'i', kind: 'bool', help: 'Do not fail where a named container is missing' };
export const timeOption: OptionSpec = {
  name: 'time', short: 't', aliases: ['timeout'], kind: 'int', min: 0, value: 'SECONDS', help: 'Wait so long for the stop before killing', default: '10',
};
/** Values of `--filter` over containers. */
export const containerFilters = [
  'ancestor', 'before', 'command', 'exited', 'health', 'id', 'label', 'name', 'network', 'pod', 'restart-policy', 'since', 'status', 'until', 'volume',
  'status=created', 'status=exited', 'status=paused', 'status=running', 'status=stopped',
] as const;
