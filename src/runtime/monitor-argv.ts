/** skiff-monitor's command line from plain values. Pure; index.ts documents each option. */
import type { OCIRuntime } from './choose.ts';

export interface MonitorRequest {
  id: string;
  runDir: string;
  bundle: string;
  exitFile: string;
  runtime: OCIRuntime;
  /** Put after create/run. */
  createArgs?: readonly string[];
  /** Wait for "bundle" before the container is made: config.json is still being written. */
  awaitBundle: boolean;
  /** Create, report, wait for "start": the network is attached in between. */
  hold: boolean;
  terminal: boolean;
  /** Keeps the container's stdin open for clients. */
  stdin: boolean;
  stdinOnce: boolean;
  /** `options` as the monitor knows them: max-size, max-file, and for journald name and tag. */
  log: { driver: 'json-file' | 'k8s-file' | 'journald' | 'none' | 'passthrough'; path: string; options: Readonly<Record<string, string>> };
  /** Mounts of the monitor's namespace that are in the way of the removals: the root filesystem. */
  unmount: readonly string[];
  /** What `--rm` takes away at the end, in order, the publish point first. Empty: everything stays. */
  remove: readonly string[];
  storeLock?: string | undefined;
  /** What --cidfile has written: goes with the removals. */
  idFile?: string | undefined;
  /** The runtime's folder of the container, where that is all that its delete would take away (choose.ts, soleTrace). */
  forget?: string | undefined;
  cleanup?: readonly string[] | undefined;
  timeoutSeconds?: number | undefined;
  /** A descriptor of ours that the monitor holds until its end and never touches: helpers see by it that the container is gone. */
  lifeline?: number;
}

/** Descriptors in the monitor. */
export const monitorFds = { status: 3, lock: 4, client: 5, lifeline: 6 } as const;

export function monitorArgv(request: MonitorRequest, withClient: boolean): string[] {
  const argv = [
    'skiff-monitor', '--id', request.id, '--run-dir', request.runDir, '--bundle', request.bundle, '--exit-file', request.exitFile,
    '--status-fd', String(monitorFds.status), '--lock-fd', String(monitorFds.lock), '--runtime', request.runtime.path,
  ];
  const each = (option: string, values: readonly string[]): void => { for (const value of values) argv.push(option, value); };
  each('--runtime-arg', request.runtime.globalArgs);
  each('--create-arg', request.createArgs ?? []);
  if (request.awaitBundle) argv.push('--await-bundle');
  if (request.hold) argv.push('--hold');
  if (request.terminal) argv.push('--terminal');
  if (request.stdin) argv.push('--stdin');
  if (request.stdinOnce) argv.push('--stdin-once');
  argv.push('--log-driver', request.log.driver);
  if (request.log.path !== '') argv.push('--log-path', request.log.path);
  each('--log-opt', Object.entries(request.log.options).map(([key, value]) => `${key}=${value}`));
  if (withClient) argv.push('--client-fd', String(monitorFds.client));
  each('--unmount', request.unmount);
  each('--remove', request.remove);
  if (request.storeLock !== undefined) argv.push('--store-lock', request.storeLock);
  if (request.idFile !== undefined) argv.push('--id-file', request.idFile);
  if (request.forget !== undefined) argv.push('--forget', request.forget);
  each('--cleanup', request.cleanup ?? []);
  if (request.timeoutSeconds !== undefined && request.timeoutSeconds > 0) argv.push('--timeout', String(request.timeoutSeconds));
  return argv;
}
