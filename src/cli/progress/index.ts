/**
 * Showing a pull, always on stderr: stdout has the ids. Lines as Docker prints them, bars on a terminal, or JSON for machines.
 */
import { isTerminal, terminalSize } from '../../host/tty.ts';
import { writeStderr } from '../../lib/log.ts';
import type { OnPullEvent } from '../../image/pull/events.ts';
import { warn } from '../output.ts';
import { barProgress } from './bars.ts';
import { jsonProgress } from './json.ts';
import { plainProgress } from './plain.ts';

export interface PullProgress {
  readonly onEvent: OnPullEvent;
  /** Takes the last look. Before anything else is written. Idempotent. */
  end(): void;
  /** What is to be known of an image that is here now. */
  note(text: string): void;
  /** True where the failure has been told, in the form of the rest: it needs no words any more. */
  failed(message: string): boolean;
}

/** 'auto': bars where stderr is a terminal that can move its cursor, else lines. */
export function pullProgress(wish: string | undefined, quiet: boolean): PullProgress {
  const inWords = { note: warn, failed: () => false };
  if (quiet) return { onEvent: () => {}, end: () => {}, ...inWords };
  const kind = wish === undefined || wish === 'auto' ? (isTerminal(2) && process.env['TERM'] !== 'dumb' && (process.env['TERM'] ?? '') !== '' ? 'tty' : 'plain') : wish;
  if (kind === 'json') return jsonProgress(writeStderr, Date.now);
  if (kind === 'plain') return { ...plainProgress(writeStderr), ...inWords };
  const bars = barProgress({ write: writeStderr, size: () => terminalSize(2) ?? { rows: 24, columns: 80 }, now: Date.now });
  const timer = setInterval(bars.draw, 100);
  timer.unref();
  return {
    ...inWords,
    onEvent: bars.onEvent,
    end() {
      clearInterval(timer);
      bars.end();
    },
  };
}
