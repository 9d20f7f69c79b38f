/** Containers for the monitor's tests, and looking at their processes. */
import { readFileSync } from 'node:fs';
import { packet } from '../../src/runtime/index.ts';
import { readType, type MonitorOptions, type MonitorRun, type MonitorWorld } from './monitor.ts';

/** The command line of a container that runs a script. */
export const shell = (script: string): string[] => ['/bin/sh', '-c', script];

/** Runs until it is told to end; TERM ends it with 9. */
export const waiting = shell('trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done');

/** A running container that is ready to be told to end. */
export async function startWaiting(world: MonitorWorld, options: Partial<MonitorOptions> = {}): Promise<MonitorRun & { container: number; startedAt: string }> {
  const run = world.start({ command: waiting, client: { stdout: true }, ...options });
  const { pid, startedAt } = await run.expectEvent('started') as { pid: number; startedAt: string };
  if (readType(run.client!, packet.stdout).body.toString() !== 'ready\n') throw new Error('not ready');
  return Object.assign(run, { container: pid, startedAt });
}

/** False for zombies too: some machines have a first process that never reaps. */
export function lives(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
