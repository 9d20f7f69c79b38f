/**
 * The start of a container, step by step: clear what the last run left, mount, bundle, network, monitor, wait until it runs.
 * Everything acquired is pushed on a stack and released in reverse where a step fails; the container is then as it was.
 */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { CleanupStack } from '../../lib/cleanup.ts';
import { isCode, wrap } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import { leaveSession } from '../../host/cgroup/leave-session.ts';
import { readCgroups, type Cgroups } from '../../host/cgroup/manager.ts';
import { moveToSupervisor } from '../../host/cgroup/split.ts';
import { config } from '../../host/config/index.ts';
import { textIfThere, unlinkIfThere } from '../../host/if-there.ts';
import type { Lock } from '../../host/locks.ts';
import { notifyManager } from '../../host/notify.ts';
import { session } from '../../host/session.ts';
import { nowRfc3339Nano } from '../../host/time.ts';
import { ownTerminalSize } from '../../host/tty.ts';
import { withUserUmask } from '../../host/umask.ts';
import { soleTrace, type OCIRuntime } from '../../runtime/choose.ts';
import type { MonitorRequest } from '../../runtime/monitor-argv.ts';
import { awaitEvent, closeMonitor, dismissMonitor, sayBundle, sayStart, startMonitor, type ClientWish, type StartedMonitor } from '../../runtime/start-monitor.ts';
import { containerMount } from '../../storage/container-layers.ts';
import type { Context } from '../index.ts';
import type { ContainerRecord } from '../model.ts';
import { containerFiles, runDir, runFiles } from '../names.ts';
import { endOrphan } from '../orphan.ts';
import { nameOf } from '../record.ts';
import { removalPlan } from '../removal.ts';
import { cgroupWish, runtimeOf } from '../runtime-of.ts';
import { readHostFacts } from '../spec/facts.ts';
import type { HostFacts } from '../spec/input.ts';
import { startedMarker } from '../state.ts';
import { writeBundle } from './bundle.ts';
import { explainFailure } from './explain.ts';
import type { Prepared } from './index.ts';
import { planNetwork, type PlannedNetwork } from './network.ts';
import { mountRootfs } from './rootfs.ts';
import { shareMemory } from './shared-memory.ts';
import { sharedNamespaces } from './shared-namespaces.ts';
import { prepareMountSources } from './sources.ts';

export interface LaunchRequest {
  record: ContainerRecord;
  /** Ours; the monitor inherits it. */
  life: Lock;
  /** An attach connection that exists before the container runs. */
  client?: ClientWish | undefined;
}

export interface Launched {
  /** The container's first process, as this pid namespace numbers it. */
  pid: number;
  monitor: StartedMonitor;
}

/** @throws COMMAND_NOT_FOUND (127), COMMAND_NOT_EXECUTABLE (126), RUNTIME_FAILED, NOT_FOUND, USAGE, … */
export async function launch(context: Context, request: LaunchRequest): Promise<Launched> {
  const { record } = request;
  const cgroups = readCgroups(cgroupWish(record));
  const leaving = cgroups.manager === 'systemd' ? leaveSession('session') : undefined;
  const runtime = runtimeOf(context, record, cgroups.manager);
  const host = hostFacts(record, cgroups);
  const cleanup = new CleanupStack();
  if (leaving !== undefined) cleanup.push('leave the session', () => { leaving(); });
  let prepared: Prepared | undefined;
  try {
    if (record.Skiff.splitCgroup === true && cgroups.manager !== 'disabled') moveToSupervisor(cgroups.parent);
    clearLastRun(context, record, runtime, cleanup);
    const shared = sharedNamespaces(context, record);
    const memory = shareMemory(context, record);
    if (memory !== undefined) cleanup.push('unmount the shared memory', memory.release);
    leaving?.(); // the monitor and what serves the network are to stay
    const network = planNetwork(context, record, shared.network);
    cleanup.push('tear down the network', () => network.teardown());
    // Before the rest: it comes up, and the runtime with it, while that is made.
    const mount = containerMount(context.store, record.ID);
    const monitor = startMonitor(monitorRequest(context, record, { runtime, cgroupManager: cgroups.manager }, { mounts: [mount.target, ...(memory === undefined ? [] : [memory.path])], network }), request.life.fd, request.client);
    let leave = dismissMonitor;
    cleanup.push('leave the monitor', () => leave(monitor));
    network.handedOver();
    const rootfs = mountRootfs(mount, record, host);
    cleanup.push('unmount the root filesystem', rootfs.release);
    prepareMountSources(context, record, rootfs.path);
    const namespaces = { ...shared, ...network.namespaces };
    prepared = writeBundle(context, { record, rootfs: rootfs.path, host, namespaces, files: network.files, deferredNetwork: network.deferred, shmPath: memory?.path, runtime, consoleSize: request.client === undefined ? undefined : ownTerminalSize() });
    leave = closeMonitor;
    sayBundle(monitor);
    const pid = await untilStarted(monitor, network);
    prepared.keepFilter();
    writePidFile(record.Skiff.pidfile, pid);
    writePidFile(record.Skiff.conmonPidfile, monitor.pid);
    cleanup.disarm();
    if (record.Skiff.notify === true) notifyManager([`MAINPID=${monitor.pid}`, 'READY=1']);
    unlinkIfThere(`${join(context.store.layout.container(record.ID), containerFiles.exit)}.last`);
    return { pid, monitor };
  } catch (error) {
    // Looked at while the root filesystem is still mounted.
    const explained = prepared !== undefined && isCode(error, 'RUNTIME_FAILED') ? explainFailure(error, record, prepared) : error;
    // A monitor that reports tidies up itself; one that was killed may leave a container that runs with nobody in charge.
    if (isCode(error, 'MONITOR_FAILED')) cleanup.push('end what the monitor left', () => endOrphan(context, record, runtime));
    await cleanup.close(explained);
    throw explained;
  }
}

function hostFacts(record: ContainerRecord, cgroups: Cgroups): HostFacts {
  const { hostUid, hostGid, openFiles } = session();
  return readHostFacts({ hostUid, hostGid, cgroups, openFiles, privileged: record.Skiff.privileged });
}

async function untilStarted(monitor: StartedMonitor, network: PlannedNetwork): Promise<number> {
  if (network.attach === undefined) return awaitEvent(monitor, 'started').pid;
  const { pid } = awaitEvent(monitor, 'created');
  await network.attach(pid);
  sayStart(monitor);
  return awaitEvent(monitor, 'started').pid;
}

/** From here on the container counts as started: its last end is put aside, and put back where this start fails. */
function clearLastRun(context: Context, record: ContainerRecord, runtime: OCIRuntime, cleanup: CleanupStack): void {
  const { ID: id } = record;
  const dir = runDir(context.runtimeDir, id);
  endOrphan(context, record, runtime);
  const marker = startedMarker(context, id);
  const exit = join(context.store.layout.container(id), containerFiles.exit);
  try {
    // A record of a full disk lies in the runtime folder; it belongs to the last run as well.
    for (const name of [runFiles.state, runFiles.exit, runFiles.attach, runFiles.logLoss]) unlinkIfThere(join(dir, name));
    if (existsSync(exit)) {
      renameSync(exit, `${exit}.last`);
      cleanup.push('put the exit record back', () => renameSync(`${exit}.last`, exit));
    }
    const before = textIfThere(marker);
    writeFileSync(marker, nowRfc3339Nano(), { mode: 0o600 });
    cleanup.push('put the start marker back', () => (before === undefined ? unlinkIfThere(marker) : writeFileSync(marker, before)));
  } catch (error) {
    throw wrap(error, `start container "${nameOf(record)}"`);
  }
}

function monitorRequest(context: Context, record: ContainerRecord, { runtime, cgroupManager }: { runtime: OCIRuntime; cgroupManager: Cgroups['manager'] }, { mounts, network }: { mounts: readonly string[]; network: PlannedNetwork }): MonitorRequest {
  const { Skiff: own, Config, ID: id } = record;
  const dir = runDir(context.runtimeDir, id);
  const remove = own.autoRemove ? removalPlan(context, record, { volumes: true }) : [];
  return {
    id, runDir: dir, bundle: dir, runtime, createArgs: config().noPivotRoot === true ? ['--no-pivot'] : [], awaitBundle: true, hold: network.attach !== undefined,
    exitFile: join(context.store.layout.container(id), containerFiles.exit),
    terminal: Config.Tty, stdin: Config.OpenStdin, stdinOnce: Config.StdinOnce,
    log: { driver: own.logDriver, path: record.LogPath, options: logOptions(record) },
    unmount: [...mounts, ...network.unmount], remove,
    ...(network.lifeline === undefined ? {} : { lifeline: network.lifeline }),
    forget: soleTrace(runtime, id, { cgroupManager, ownPidNamespace: own.pid.kind === 'private' }),
    ...(remove.length > 0 ? { storeLock: context.store.layout.lock, idFile: own.cidfile } : {}),
    ...(own.removeImage ? { cleanup: [session().self, 'rmi', own.imageName] } : {}),
    ...(own.timeoutSeconds === undefined ? {} : { timeoutSeconds: own.timeoutSeconds }),
  };
}

function logOptions(record: ContainerRecord): Record<string, string> {
  const { path: _, ...options } = record.Skiff.logOptions;
  return record.Skiff.logDriver === 'journald' ? { name: nameOf(record), ...options } : options;
}

function writePidFile(path: string | undefined, pid: number): void {
  if (path === undefined) return;
  try {
    withUserUmask(() => writeFileSync(path, String(pid)));
  } catch (error) {
    throw wrap(error, 'write the pid file');
  }
}
