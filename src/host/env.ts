/** Environments for the programs we start. */
import { session } from './session.ts';

/**
 * What no helper may inherit. systemd's socket, notification and watchdog variables are promises made to this process (crun would
 * act on LISTEN_FDS and NOTIFY_SOCKET); Node's own steer Node, and the workers among our children are Node.
 */
const dropped = new Set([
  'LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID', 'NOTIFY_SOCKET', 'WATCHDOG_PID', 'WATCHDOG_USEC', 'JOURNAL_STREAM',
  'NODE_OPTIONS', 'NODE_PATH', 'NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE', 'NODE_UNIQUE_ID', 'NODE_V8_COVERAGE',
]);

/** "K=V" lines for a helper: this process's environment without `dropped`, with `extra` on top (undefined takes a name away). */
export function childEnv(extra: Readonly<Record<string, string | undefined>> = {}): string[] {
  session(); // takes the launcher's own variables out
  const lines: string[] = [];
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !dropped.has(name) && !(name in extra)) lines.push(`${name}=${value}`);
  }
  for (const [name, value] of Object.entries(extra)) {
    if (value !== undefined) lines.push(`${name}=${value}`);
  }
  return lines;
}

/** "K=V" lines for a program of the user's (unshare): all that the user had. */
export function userEnv(): string[] {
  session(); // as above
  return Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}
