/** From the options of run and create to a CreateRequest. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CreateRequest } from '../../../container/create-request.ts';
import type { SkiffRecord } from '../../../container/model.ts';
import { config } from '../../../host/config/index.ts';
import { SkiffError, wrap } from '../../../lib/errors.ts';
import type { Invocation, OptionValues } from '../../spec.ts';
import { annotations, collectEnv, keyValues, labels, readLines } from './_env.ts';
import { devicesRequest, limitsRequest, parseUlimit } from './_limits-request.ts';
import { logRequest } from './_log-request.ts';
import { parseMount, parseTmpfs, parseVolume, parseVolumesFrom } from './_mounts.ts';
import { parseIpc, parseNamespace, parseUserns } from './_namespaces.ts';
import { networkRequest } from './_network-request.ts';
import { emptyToUndefined, flag, given, list, number, text } from './_values.ts';

/** @throws USAGE and what the single parsers throw */
export function createRequest(invocation: Invocation): CreateRequest {
  const { options } = invocation;
  const [image = '', ...command] = invocation.args;
  const restart = parseRestart(text(options, 'restart'));
  const defaults = config();
  const request: CreateRequest = {
    image, command, createCommand: ['skiff', ...process.argv.slice(2)],
    ...given('name', emptyToUndefined(text(options, 'name'))), replace: flag(options, 'replace'),
    ...given('cidfile', absolute(text(options, 'cidfile'))), ...given('pidfile', pidfilePath(options, 'pidfile')), ...given('conmonPidfile', pidfilePath(options, 'conmon-pidfile')), notify: text(options, 'sdnotify') === 'conmon',
    ...processRequest(options),
    ...mountsRequest(options),
    ...networkRequest(options),
    pid: parseNamespace('pid', text(options, 'pid') ?? defaults.pidns),
    ipc: parseIpc(text(options, 'ipc') ?? defaults.ipcns),
    uts: parseNamespace('uts', text(options, 'uts') ?? defaults.utsns),
    cgroupns: parseNamespace('cgroupns', text(options, 'cgroupns') ?? defaults.cgroupns),
    userns: parseUserns(text(options, 'userns') ?? defaults.userns),
    capAdd: list(options, 'cap-add'), capDrop: list(options, 'cap-drop'), privileged: choice(options, 'privileged', defaults.privileged), securityOpt: list(options, 'security-opt').map(absoluteProfile),
    groupAdd: list(options, 'group-add'), devices: devicesRequest(options),
    ulimits: list(options, 'ulimit').map(parseUlimit), sysctls: keyValues(list(options, 'sysctl'), (line) => (line.includes('=') ? undefined : `${line} is invalid, sysctl values must be in the form of KEY=VALUE`)), limits: limitsRequest(options),
    ...given('shmSizeBytes', number(options, 'shm-size') ?? defaults.shmSizeBytes),
    init: choice(options, 'init', defaults.init), ...given('initPath', absolute(text(options, 'init-path'))), cgroups: cgroupsMode(text(options, 'cgroups') ?? defaults.cgroups),
    autoRemove: flag(options, 'rm'), removeImage: flag(options, 'rmi'), restart,
    ...logRequest(options),
    runtime: invocation.globals.runtime ?? '',
  };
  refuseContradictions(request, options);
  return request;
}

/** What the host's or another container's namespace can't be given. @throws USAGE in Podman's words */
function refuseContradictions({ uts, ipc, hostname, groupAdd }: CreateRequest, options: OptionValues): void {
  if (uts.kind === 'host' && hostname !== undefined) throw new SkiffError('USAGE', 'cannot set hostname when running in the host UTS namespace: invalid configuration');
  if (options['shm-size'] !== undefined && ['host', 'container', 'path'].includes(ipc.kind)) {
    throw new SkiffError('USAGE', `cannot set shmsize when running in the ${ipc.kind === 'path' ? 'ns' : ipc.kind} IPC Namespace`);
  }
  if (groupAdd.includes('keep-groups') && groupAdd.length > 1) throw new SkiffError('USAGE', "the '--group-add keep-groups' option is not allowed with any other --group-add options");
}

/** Read at each start, from whatever folder that is. */
function absolute(path: string | undefined): string | undefined {
  return path === undefined || path === '' ? undefined : resolve(path);
}

function absoluteProfile(option: string): string {
  const [, key, path] = /^(seccomp[=:])(.+)$/s.exec(option) ?? [];
  return key === undefined || path === undefined || path === 'unconfined' ? option : `${key}${resolve(path)}`;
}

/** A bool of the command line, else containers.conf's. */
function choice(options: OptionValues, name: string, fallback: boolean | undefined): boolean {
  return options[name] === undefined ? fallback === true : flag(options, name);
}

function pidfilePath(options: OptionValues, name: 'pidfile' | 'conmon-pidfile'): string | undefined {
  const path = absolute(text(options, name));
  if (path !== undefined && isFolder(path, name)) throw new SkiffError('USAGE', `--${name} ${JSON.stringify(text(options, name))}: is a directory`);
  return path;
}

function isFolder(path: string, name: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch (error) {
    throw wrap(error, `--${name} ${JSON.stringify(path)}`);
  }
}

/** "no-conmon": the monitor has no cgroup of its own anyway. */
function cgroupsMode(mode: string | undefined): CreateRequest['cgroups'] {
  return mode === 'disabled' || mode === 'split' ? mode : 'enabled';
}

type Part<K extends keyof CreateRequest> = Pick<CreateRequest, K>;

function processRequest(options: OptionValues): Part<'defaultEnv' | 'env' | 'envMerge' | 'unsetEnv' | 'unsetEnvAll' | 'passwd' | 'hostUsers' | 'labels' | 'annotations' | 'terminal' | 'interactive' | 'stdinOnce'> & Partial<CreateRequest> {
  const defaults = config();
  const entrypoint = text(options, 'entrypoint');
  return {
    ...given('entrypoint', entrypoint === undefined ? undefined : parseEntrypoint(entrypoint)),
    defaultEnv: defaults.env ?? [], envMerge: list(options, 'env-merge'),
    env: collectEnv({
      host: choice(options, 'env-host', defaults.envHost),
      proxy: options['http-proxy'] === undefined ? defaults.httpProxy !== false : flag(options, 'http-proxy'),
      files: list(options, 'env-file'), lines: list(options, 'env'),
    }, process.env),
    unsetEnv: list(options, 'unsetenv'), unsetEnvAll: flag(options, 'unsetenv-all'),
    ...given('user', text(options, 'user')), ...given('workdir', text(options, 'workdir')), ...given('hostname', emptyToUndefined(text(options, 'hostname'))),
    labels: labels([...list(options, 'label-file').flatMap((path) => readLines(path, 'label-file')), ...list(options, 'label')]),
    annotations: { ...keyValues(defaults.annotations ?? []), ...annotations(list(options, 'annotation')) },
    ...given('stopSignal', text(options, 'stop-signal')), ...given('stopTimeoutSeconds', number(options, 'stop-timeout')), ...given('timeoutSeconds', number(options, 'timeout')),
    terminal: flag(options, 'tty'), interactive: flag(options, 'interactive'), stdinOnce: flag(options, 'interactive') && !flag(options, 'detach'),
    ...given('umask', parseUmask(text(options, 'umask') ?? defaults.umask)),
    ...given('timezone', emptyToUndefined(text(options, 'tz') ?? defaults.timezone)),
    passwd: options['passwd'] !== false, ...given('passwdEntry', text(options, 'passwd-entry')), hostUsers: list(options, 'hostuser'),
    ...given('oomScoreAdj', number(options, 'oom-score-adj')), ...given('personality', parsePersonality(text(options, 'personality'))),
  };
}

function parsePersonality(value: string | undefined): 'LINUX' | 'LINUX32' | undefined {
  if (value === undefined || value === '' || value === 'LINUX' || value === 'LINUX32') return value === '' ? undefined : value;
  throw new SkiffError('USAGE', `--personality ${JSON.stringify(value)}: want LINUX or LINUX32`);
}

function mountsRequest(options: OptionValues): Part<'defaultMounts' | 'mounts' | 'volumesFrom' | 'imageVolumes' | 'readOnly' | 'readOnlyTmpfs'> {
  const { volumes = [], mounts = [], readOnly } = config();
  const imageVolumes = text(options, 'image-volume') ?? 'anonymous';
  return {
    defaultMounts: [...volumes.map(parseVolume), ...mounts.map(parseMount)],
    mounts: [...list(options, 'volume').map(parseVolume), ...list(options, 'mount').map(parseMount), ...list(options, 'tmpfs').map(parseTmpfs)],
    volumesFrom: list(options, 'volumes-from').map(parseVolumesFrom),
    imageVolumes: imageVolumes === 'tmpfs' || imageVolumes === 'ignore' ? imageVolumes : 'anonymous',
    readOnly: choice(options, 'read-only', readOnly), readOnlyTmpfs: options['read-only-tmpfs'] !== false,
  };
}

/** A JSON array gives words, anything else is one word, the empty text removes the image's. */
function parseEntrypoint(value: string): string[] {
  if (value === '') return [];
  if (value.startsWith('[')) {
    try {
      const words: unknown = JSON.parse(value);
      if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return [value];
}

function parseUmask(value: string | undefined): string | undefined {
  if (value !== undefined && !/^[0-7]{1,4}$/.test(value)) throw new SkiffError('USAGE', `--umask ${JSON.stringify(value)}: want an octal number`);
  return value;
}

/** @throws USAGE; UNSUPPORTED for what is understood but can't be done: refused, not ignored */
function parseRestart(value: string | undefined): SkiffRecord['restart'] {
  const match = /^(no|never|always|unless-stopped|on-failure)(?::(\d+))?$/.exec(value === undefined || value === '' ? 'no' : value);
  if (match === null || (match[2] !== undefined && match[1] !== 'on-failure')) throw new SkiffError('USAGE', `--restart ${JSON.stringify(value)}: want no, always, on-failure[:TIMES] or unless-stopped`);
  const policy = match[1] === 'never' ? 'no' : (match[1] as SkiffRecord['restart']['policy']);
  if (policy !== 'no') {
    throw new SkiffError('UNSUPPORTED', `--restart ${policy}: not supported yet: nobody would start the container again`, {
      hint: `let systemd do it: systemd-run --user -p Restart=${policy === 'on-failure' ? policy : 'always'} skiff run --rm … (or a user unit with Restart=)`,
    });
  }
  return { policy, maxRetries: 0 };
}
