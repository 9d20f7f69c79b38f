/**
 * The terminal, asked by descriptor. Through the addon and not node:tty, which loads all of node:net (4 ms) for one ioctl.
 */
import { sys } from './sys.ts';

/** True where `fd` is a terminal; false also where it is closed. */
export function isTerminal(fd: number): boolean {
  return sys().isatty(fd);
}

export interface TerminalSize { rows: number; columns: number }

/** The size of the window that this command is shown in, by standard output or else input. */
export function ownTerminalSize(): TerminalSize | undefined {
  return terminalSize(1) ?? terminalSize(0);
}

/** The size of the window behind `fd`; undefined where it is no terminal or does not tell (0 by 0, as on a serial line). */
export function terminalSize(fd: number): TerminalSize | undefined {
  const size = sys().windowSize(fd);
  if (size === undefined || size[0] === 0 || size[1] === 0) return undefined;
  return { rows: size[0], columns: size[1] };
}
