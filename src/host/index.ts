/**
 * The machine: the only home of child processes and of the addon (sys.ts). Duties: files that survive a power cut, locks, mounts,
 * running programs, confined workers, the terminal, the clock, cgroups, configuration. Not here: what any of it is for.
 *
 * Most calls are synchronous: a command is one short process with one thing to do, and a synchronous call is the fastest
 * and the simplest to reason about. What may take long, or should run beside something else, returns a promise.
 *
 * Others import the file of the call they need, so that start-up loads one path; from here only types.
 */
export type { Child, RunOptions, RunResult } from './run.ts';
export type { Lock, LockKind } from './locks.ts';
export type { OverlayMount } from './mounts.ts';
export type { Session } from './session.ts';
