/** A person at a terminal: a program in a pty (node-pty), what it shows, and keys typed at it. */
import { spawn } from 'node-pty';
import type { ExecutionContext } from 'ava';
import { waiters, within } from './deadline.ts';
import { skiffBin, type World } from './world.ts';

export interface Terminal {
  /** Everything shown so far. */
  screen(): string;
  /** Resolves once the text shown since the last match matches; rejects when the program ends first, or at the deadline. */
  expect(pattern: RegExp): Promise<RegExpExecArray>;
  type(keys: string): void;
  resize(columns: number, rows: number): void;
  kill(signal: string): void;
  /** Rejects when there is no end until the deadline, which counts from the moment it is asked for. */
  readonly exit: Promise<{ exitCode: number; signal?: number | undefined }>;
  readonly pid: number;
}

/** Starts skiff in a terminal of 80x24; it is ended at the test's teardown. */
export function openTerminal(t: ExecutionContext, world: World, args: readonly string[], program = skiffBin): Terminal {
  return openProgram(t, program, args, { cwd: world.home, env: world.env });
}

/** The same for any program; without `place` in this process's folder and environment. */
export function openProgram(t: ExecutionContext, program: string, args: readonly string[], place: { cwd?: string; env?: Record<string, string> } = {}): Terminal {
  const pty = spawn(program, [...args], { cols: 80, rows: 24, name: 'xterm', ...place });
  let shown = '';
  let seen = 0;
  let over = false;
  const said = (): string => `shown: ${JSON.stringify(shown.slice(-2000))}`;
  const watch = waiters({
    look: (pattern) => {
      const match = pattern.exec(shown.slice(seen));
      if (match !== null) seen += match.index + match[0].length;
      return match;
    },
    over: () => over, seen: said,
  });
  pty.onData((data) => { shown += data; watch.wake(); });
  const exit = new Promise<{ exitCode: number; signal?: number | undefined }>((resolve) => {
    pty.onExit((status) => { over = true; resolve(status); watch.wake(); });
  });
  t.teardown(() => { if (!over) pty.kill('SIGKILL'); });
  return {
    screen: () => shown, pid: pty.pid, expect: watch.wait,
    get exit() { return within(exit, () => `no end; ${said()}`); },
    type: (keys) => { pty.write(keys); },
    resize: (columns, rows) => { pty.resize(columns, rows); },
    kill: (signal) => { pty.kill(signal); },
  };
}
