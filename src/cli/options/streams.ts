/** How a command's own terminal and pipes are joined to a container's. */
import type { OptionSpec } from '../spec.ts';

export const detachKeysOption: OptionSpec = {
  name: 'detach-keys', kind: 'string', value: 'KEYS', default: 'ctrl-p,ctrl-q',
  help: 'Keys that detach from the container: one letter, or "ctrl-" and one of a-z, @, ^, [, \\, ] or _, separated by commas; empty for none',
};
export const interactiveOption: OptionSpec = { name: 'interactive', short: 'i', kind: 'bool', help: 'Keep standard input open' };
export const ttyOption: OptionSpec = { name: 'tty', short: 't', kind: 'bool', help: 'Give the container a terminal' };

export function sigProxyOption(fallback = 'true'): OptionSpec {
  return { name: 'sig-proxy', kind: 'bool', help: 'Pass the signals that skiff gets on to the container', default: fallback };
}
