/** A person at a terminal: a program in a pty (node-pty), what it shows, and keys typed at it. */
import { spawn } from 'node-pty';
import type { ExecutionContext } from 'ava';
import { skiffBin, type World } from './world.ts';

export interface Terminal {
  /** Everything shown so far. */
  screen(): string;
  /** Resolves once the text shown since the last match matches; rejects when the program ends first. */
  expect(pattern: RegExp): Promise<RegExpExecArray>;
  type(keys: string): void;
  resize(columns: number, rows: number): void;
  readonly exit: Promise<{ exitCode: number; signal?: number | undefined }>;
  readonly pid: number;
}

/** Starts skiff in a terminal of 80x24; it is ended at the test's teardown. */
export function openTerminal(t: ExecutionContext, world: World, args: readonly string[], program = skiffBin): Terminal {
  const pty = spawn(program, [...args], { cols: 80, rows: 24, cwd: world.home, env: world.env, name: 'xterm' });
  let shown = '';
  let seen = 0;
  let over = false;
  const waiters = new Set<() => void>();
  const wake = (): void => { for (const check of waiters) check(); };
  pty.onData((data) => { shown += data; wake(); });
  const exit = new Promise<{ exitCode: number; signal?: number | undefined }>((resolve) => {
    pty.onExit((status) => { over = true; resolve(status); wake(); });
  });
  t.teardown(() => { if (!over) pty.kill('SIGKILL'); });
  return {
    screen: () => shown, exit, pid: pty.pid,
    type: (keys) => { pty.write(keys); },
    resize: (columns, rows) => { pty.resize(columns, rows); },
    expect: (pattern) => new Promise((resolve, reject) => {
      const check = (): void => {
        const match = pattern.exec(shown.slice(seen));
        if (match !== null) { waiters.delete(check); seen += match.index + match[0].length; resolve(match); }
        else if (over) { waiters.delete(check); reject(new Error(`ended before ${pattern}; shown: ${JSON.stringify(shown.slice(-2000))}`)); }
      };
      waiters.add(check);
      check();
    }),
  };
}
