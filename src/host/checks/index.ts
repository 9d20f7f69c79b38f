/**
 * Checks of the machine: each tests by doing (makes the mount, opens the device, starts the runtime), says what it found,
 * and where that is bad names the one command that mends it. The table (table.ts) feeds `skiff doctor`; hints.ts gives the
 * same remedies to errors. Nothing here changes the machine: what a check makes, it removes.
 */

export type Status = 'ok' | 'warn' | 'fail';

export interface Verdict {
  /** 'warn': skiff works, but with less than it could. 'fail': containers won't run, or not rightly. */
  status: Status;
  /** What is there, in a few words. */
  found: string;
  /** The command that mends it, or the one thing to do. Only with warn and fail. */
  hint?: string;
}

export interface Check {
  group: string;
  title: string;
  /** May throw: the caller (table.ts runCheck) makes a 'fail' of it. */
  run(): Promise<Verdict> | Verdict;
}

export const ok = (found: string): Verdict => ({ status: 'ok', found });
export const warn = (found: string, hint?: string): Verdict => ({ status: 'warn', found, ...(hint === undefined ? {} : { hint }) });
export const fail = (found: string, hint?: string): Verdict => ({ status: 'fail', found, ...(hint === undefined ? {} : { hint }) });
