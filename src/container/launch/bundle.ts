/** Gathering what config.json needs from the mounted root filesystem and the machine, and writing it. */
import { copyFileSync, writeFileSync } from 'node:fs';
import { SkiffError, wrap } from '../../lib/errors.ts';
import { version } from '../../lib/version.ts';
import { join } from '../../lib/paths.ts';
import { config } from '../../host/config/index.ts';
import { helperPath } from '../../host/helpers.ts';
import { RootHandle } from '../../host/in-root.ts';
import type { TerminalSize } from '../../host/tty.ts';
import { commandProblem, type CommandQuestion } from '../find-command.ts';
import type { Context } from '../index.ts';
import type { ContainerRecord } from '../model.ts';
import { containerFiles, runDir, runFiles } from '../names.ts';
import { containerenvText } from '../spec/containerenv.ts';
import { generateSpec } from '../spec/generate.ts';
import type { BoundFiles, HostFacts, NamespacePaths, ResolvedUser, SpecInput } from '../spec/input.ts';
import { planCwd, toRlimit } from '../spec/process.ts';
import { checkRootfs } from '../spec/rootfs-check.ts';
import { resolveSeccomp } from '../spec/seccomp-source.ts';
import { serializeSpec } from '../spec/serialize.ts';
import { resolveUser, type ReadRootfsFile } from '../spec/user.ts';
import { planUserns } from '../spec/userns.ts';
import { ensureWorkdir } from '../spec/workdir.ts';
import { zoneFile } from '../timezone.ts';
import type { OCIRuntime } from '../../runtime/choose.ts';
import { accountReader, writeAccounts } from './accounts.ts';
import type { Prepared } from './index.ts';
import { filterAnnotation, seccompFilter } from './seccomp-filter.ts';

export interface BundleInput {
  record: ContainerRecord;
  rootfs: string;
  host: HostFacts;
  namespaces: NamespacePaths;
  /** hosts, resolv.conf: from the network. */
  files: Pick<BoundFiles, 'hosts' | 'resolvConf'>;
  deferredNetwork: boolean;
  /** The /dev/shm of another container. */
  shmPath: string | undefined;
  runtime: OCIRuntime;
  /** Of the terminal that is attached from the start. */
  consoleSize: TerminalSize | undefined;
}

/** Writes <runDir>/config.json. @throws USAGE (user, working directory), CONFIG_INVALID (the image), … */
export function writeBundle(context: Context, input: BundleInput): Prepared {
  const { record, rootfs, host } = input;
  checkRootfs(rootfs);
  const root = new RootHandle(rootfs);
  try {
    const read = accountReader(root, record);
    const user = userOf(read, record, host);
    const cwd = planCwd(record.Config.WorkingDir);
    ensureWorkdir(root, cwd, user, { mountDestinations: record.Skiff.mounts.map((mount) => mount.destination), asked: record.Skiff.ownWorkdir === true ? record.ID : undefined });
    const spec = generateSpec(specInput(input, user, boundFiles(context, input, (bundle) => writeAccounts(root, bundle, record, { user, host, read }))));
    checkCommand(root, record, { env: spec.process.env, cwd, user });
    const bundle = runDir(context.runtimeDir, record.ID);
    const seccomp = seccompOf(context, input);
    const filter = seccomp === undefined ? undefined : seccompFilter(context.runtimeDir, input.runtime, seccomp);
    if (filter?.data !== undefined) spec.annotations = { ...spec.annotations, [filterAnnotation]: filter.data };
    writeFileSync(join(bundle, runFiles.bundle), serializeSpec(spec, seccomp), { mode: 0o600 });
    return { rootfs, bundle, user, env: spec.process.env, cwd, keepFilter: () => filter?.keep(record.ID) };
  } catch (error) {
    throw error instanceof SkiffError ? error : wrap(error, `prepare container "${record.ID}"`);
  } finally {
    root.close();
  }
}

/**
 * Where no mount can hide or bring the command, the root filesystem tells beforehand whether it can be executed. That spares a
 * start that must fail, and sees what the runtime tells nobody: a script without its interpreter fails only after "started".
 * @throws COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE
 */
function checkCommand(root: RootHandle, record: ContainerRecord, question: Omit<CommandQuestion, 'command'>): void {
  if (record.Skiff.init || record.Skiff.mounts.length > 0) return;
  const problem = commandProblem(root, { ...question, command: record.Path });
  if (problem !== undefined) throw problem;
}

function userOf(read: ReadRootfsFile, record: ContainerRecord, host: HostFacts): ResolvedUser {
  const { defaultUser } = planUserns(record.Skiff.userns, host);
  const spec = record.Config.User === '' && defaultUser !== undefined ? `${defaultUser.uid}:${defaultUser.gid}` : record.Config.User;
  try {
    return resolveUser(spec, read, record.Skiff.groupAdd);
  } catch (error) {
    // As Podman: the command is there, and can't be invoked as this user.
    throw error instanceof SkiffError && error.exitCode === 125 ? new SkiffError(error.code, error.message, { exitCode: 126, cause: error }) : error;
  }
}

function specInput(input: BundleInput, user: ResolvedUser, files: BoundFiles): SpecInput {
  const { record, host } = input;
  const defaults = config();
  return {
    record, rootfs: input.rootfs, host, user, files, namespaces: input.namespaces, deferredNetwork: input.deferredNetwork, ...optional('shmPath', input.shmPath),
    ...(record.Skiff.init ? { initPath: record.Skiff.initPath ?? defaults.initPath ?? helperPath('skiff-init') } : {}),
    ...optional('consoleSize', input.consoleSize),
    ...optional('defaultPidsLimit', defaults.pidsLimit),
    ...optional('defaultCapabilities', defaults.capabilities),
    ...optional('defaultRlimits', defaults.ulimits?.map(toRlimit)),
    ...optional('defaultSysctls', defaults.sysctls === undefined ? undefined : Object.fromEntries(defaults.sysctls.map(keyValue))),
    ...(record.Skiff.umask === undefined ? {} : { umask: Number.parseInt(record.Skiff.umask, 8) }),
  };
}

function keyValue(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new SkiffError('CONFIG_INVALID', `containers.conf: containers.default_sysctls has ${JSON.stringify(text)}: want NAME=VALUE`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function seccompOf(context: Context, { record, host }: BundleInput): string | undefined {
  const { seccompProfile, capabilities } = config();
  return resolveSeccomp({ record, configured: seccompProfile, available: host.capabilities, cacheDir: context.runtimeDir, ...optional('defaultCapabilities', capabilities) });
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}

/** The files of ours that lie over the image's. */
function boundFiles(context: Context, input: BundleInput, accounts: (bundle: string) => BoundFiles): BoundFiles {
  const { record } = input;
  const folder = context.store.layout.container(record.ID);
  const bundle = runDir(context.runtimeDir, record.ID);
  const files: BoundFiles = { ...input.files };
  const covered = new Set(record.Skiff.mounts.map((mount) => mount.destination));
  if (record.Skiff.uts.kind !== 'host') {
    files.hostname = join(folder, containerFiles.hostname);
    writeFileSync(files.hostname, `${record.Config.Hostname}\n`, { mode: 0o644 });
  }
  if (!covered.has('/run')) {
    files.containerenv = join(bundle, 'containerenv');
    writeFileSync(files.containerenv, containerenvText(record, version), { mode: 0o644 });
  }
  if (record.Skiff.timezone !== undefined) {
    files.localtime = join(bundle, 'localtime');
    copyFileSync(zoneFile(record.Skiff.timezone), files.localtime);
  }
  return { ...files, ...accounts(bundle) };
}
