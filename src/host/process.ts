/**
 * Starting and becoming programs with full say over path, environment and descriptors, and processes by descriptor. Who just runs a helper
 * uses run.ts.
 */
import { sys } from './sys.ts';
import type { SpawnOptions } from './sys.ts';

/** Blocks until a program that startProgram() started has ended. */
export function awaitProgram(pid: number): void {
  sys().waitpid(pid, false);
}

/** Starts a program and returns its pid; nobody waits for it. Throws as node:fs does where it can't be started. */
export function startProgram(options: SpawnOptions): number {
  return sys().spawn(options);
}

/** Replaces this process. Returns only by throwing, and then all is as it was. */
export function replaceProcess(options: SpawnOptions): never {
  return sys().execve(options);
}

/** A descriptor that stays with the process, whoever gets its pid later. Throws ESRCH where there is none. */
export function openProcess(pid: number): number {
  return sys().pidfdOpen(pid);
}

/** Throws ESRCH where it has ended, EPERM where it is not ours to signal. */
export function signalProcess(pidfd: number, signal: number): void {
  sys().pidfdSendSignal(pidfd, signal);
}
