/**
 * exec with a terminal: the runtime runs in a pseudo-terminal of ours (node-pty), whose keys and screen are this command's. Keys pass
 * the detach sequence's matcher; on a detach the process goes on, its terminal held open by a small program.
 */
import { openSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { IPty } from 'node-pty';
import { userEnv } from '../../host/env.ts';
import { findProgram } from '../../host/find-program.ts';
import { unlinkIfThere } from '../../host/if-there.ts';
import { spawnStream } from '../../host/run.ts';
import { startProgram } from '../../host/process.ts';
import { isTerminal, ownTerminalSize, type TerminalSize } from '../../host/tty.ts';
import type { Context } from '../index.ts';
import { DetachMatcher } from './detach-matcher.ts';
import { prepareExec, processPath } from './prepare.ts';
import type { ExecRequest } from './request.ts';
import { setWindowSize } from './window-size.ts';

const defaultSize = { rows: 24, columns: 80 };

/** The exit code of the process; 0 after a detach. @throws as prepareExec() */
export async function execTerminal(context: Context, request: ExecRequest, detachKeys: Buffer): Promise<number> {
  const size = ownTerminalSize() ?? defaultSize;
  const prepared = prepareExec(context, request, size);
  const { runtime } = prepared;
  const file = processPath(context, prepared);
  const pidFile = `${file}.pid`;
  writeFileSync(file, JSON.stringify(prepared.process), { mode: 0o600 });
  const { spawn } = createRequire(import.meta.url)('node-pty') as typeof import('node-pty');
  const terminal = await takeTerminal((newSize) => void setWindowSize(pidFile, newSize));
  let end: { exitCode: number } | 'detached' = { exitCode: 125 };
  try {
    const pty = spawn(runtime.path, [...runtime.globalArgs, 'exec', '--tty', '--pid-file', pidFile, '--process', file, request.id],
      { cols: size.columns, rows: size.rows, cwd: '/', env: environment(), encoding: null });
    end = await relay(pty, request.interactive, detachKeys);
  } finally {
    terminal.restore();
    unlinkIfThere(file);
    unlinkIfThere(pidFile);
  }
  // node-pty waits for its child in a thread that nothing ends: the loop would not drain.
  if (end === 'detached') process.exit(0);
  return end.exitCode;
}

/** Moves bytes both ways until the end or the detach. */
function relay(pty: IPty, interactive: boolean, detachKeys: Buffer): Promise<{ exitCode: number } | 'detached'> {
  return new Promise((resolve) => {
    const matcher = new DetachMatcher(detachKeys);
    pty.onData((data) => { process.stdout.write(data); });
    pty.onExit(({ exitCode, signal }) => resolve({ exitCode: signal !== undefined && signal > 0 ? 128 + signal : exitCode }));
    // Nobody looks any more: the process gets what a closed window means.
    process.stdout.on('error', () => pty.kill('SIGHUP'));
    if (!interactive) return;
    void stty(masterOf(pty), 'raw', '-echo').then(() => {
      process.stdin.on('data', (bytes: Buffer) => {
        const { pass, detached } = matcher.feed(bytes);
        if (pass.length > 0) pty.write(pass as unknown as string);
        if (!detached) return;
        keepOpen(pty);
        resolve('detached');
      });
      // The end of a pipe is what Ctrl-D is at a terminal.
      process.stdin.on('end', () => pty.write('\u0004'));
    });
  });
}

/**
 * Settings of a terminal by a descriptor of either end. The runtime makes its own terminal raw, but what is typed or piped in
 * before it does would be taken for line editing.
 */
async function stty(terminal: number, ...settings: string[]): Promise<void> {
  if (findProgram('stty') !== undefined) await spawnStream(['stty', ...settings], { stdin: terminal, stdout: 'null', stderr: 'null' }).ended;
}

/** node-pty's type does not tell of it. */
function masterOf(pty: IPty): number {
  return (pty as unknown as { fd: number }).fd;
}

/** Raw mode and window size of this command's own terminal. */
async function takeTerminal(onResize: (size: TerminalSize) => void): Promise<{ restore: () => void }> {
  const raw = isTerminal(0) && typeof process.stdin.setRawMode === 'function';
  if (raw) {
    process.stdin.setRawMode(true);
    // libuv's raw mode still turns \n into \r\n, which the container's terminal has done already.
    await stty(0, '-opost');
  }
  const resize = (): void => {
    const size = ownTerminalSize();
    if (size !== undefined) onResize(size);
  };
  process.on('SIGWINCH', resize);
  return {
    restore: () => {
      process.off('SIGWINCH', resize);
      if (raw) process.stdin.setRawMode(false);
      process.stdin.pause();
      // A file as standard input has no unref, and needs none.
      (process.stdin as { unref?: () => void }).unref?.();
    },
  };
}

/** When we go, the master of the terminal would close and hang the process up: a `cat` to nowhere holds it and swallows the output. */
function keepOpen(pty: IPty): void {
  const path = findProgram('cat');
  if (path === undefined) return;
  const devNull = openSync('/dev/null', 'w');
  startProgram({ path, argv: ['cat'], env: [], fds: [[masterOf(pty), 0], [devNull, 1], [devNull, 2]], cwd: '/', setsid: true });
}

function environment(): Record<string, string> {
  return Object.fromEntries(userEnv().map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}
