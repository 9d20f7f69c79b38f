/** From the options of run and create to a CreateRequest. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CreateRequest } from '../../../container/create-request.ts';
import type { PortBinding, SkiffRecord } from '../../../container/model.ts';
import { config } from '../../../host/config/index.ts';
import { SkiffError } from '../../../lib/errors.ts';
import { parsePublish } from '../../../network/ports.ts';
import type { Invocation, OptionValues } from '../../spec.ts';
import { collectEnv, keyValues, readLines } from './_env.ts';
import { parseMount, parseTmpfs, parseVolume, parseVolumesFrom } from './_mounts.ts';
import { parseIpc, parseNamespace, parseNetwork, parseUserns } from './_namespaces.ts';
import { flag, given, list, number, text } from './_values.ts';

/** @throws USAGE and what the single parsers throw */
export function createRequest(invocation: Invocation): CreateRequest {
  const { options } = invocation;
  const [image = '', ...command] = invocation.args;
  refuseUnsupported(options);
  const defaults = config();
  return {
    image, command, createCommand: ['skiff', ...process.argv.slice(2)],
    ...given('name', text(options, 'name')), replace: flag(options, 'replace'),
    ...given('cidfile', text(options, 'cidfile')), ...given('pidfile', pidfilePath(text(options, 'pidfile'))),
    ...processRequest(options),
    ...mountsRequest(options),
    ...networkRequest(options),
    pid: parseNamespace('pid', text(options, 'pid') ?? defaults.pidns),
    ipc: parseIpc(text(options, 'ipc') ?? defaults.ipcns),
    uts: parseNamespace('uts', text(options, 'uts') ?? defaults.utsns),
    cgroupns: parseNamespace('cgroupns', text(options, 'cgroupns') ?? defaults.cgroupns),
    userns: parseUserns(text(options, 'userns') ?? defaults.userns),
    capAdd: list(options, 'cap-add'), capDrop: list(options, 'cap-drop'), privileged: choice(options, 'privileged', defaults.privileged), securityOpt: list(options, 'security-opt'),
    groupAdd: list(options, 'group-add'), devices: devicesRequest(options),
    ulimits: list(options, 'ulimit').map(parseUlimit), sysctls: keyValues(list(options, 'sysctl')), limits: limitsRequest(options),
    ...given('shmSizeBytes', number(options, 'shm-size') ?? defaults.shmSizeBytes),
    init: choice(options, 'init', defaults.init), ...given('initPath', text(options, 'init-path')), cgroups: (text(options, 'cgroups') ?? defaults.cgroups) !== 'disabled',
    autoRemove: flag(options, 'rm'), removeImage: flag(options, 'rmi'), restart: parseRestart(text(options, 'restart')),
    ...logRequest(options),
    runtime: invocation.globals.runtime ?? '',
  };
}

/** A bool of the command line, else containers.conf's. */
function choice(options: OptionValues, name: string, fallback: boolean | undefined): boolean {
  return options[name] === undefined ? fallback === true : flag(options, name);
}

/** A later start may be given from another folder. */
function pidfilePath(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  if (statSync(given, { throwIfNoEntry: false })?.isDirectory() === true) throw new SkiffError('USAGE', `--pidfile ${JSON.stringify(given)}: is a directory`);
  return resolve(given);
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
    ...given('user', text(options, 'user')), ...given('workdir', text(options, 'workdir')), ...given('hostname', text(options, 'hostname')),
    labels: { ...keyValues(list(options, 'label-file').flatMap((path) => readLines(path, 'label-file'))), ...keyValues(list(options, 'label')) },
    annotations: { ...keyValues(defaults.annotations ?? []), ...keyValues(list(options, 'annotation')) },
    ...given('stopSignal', text(options, 'stop-signal')), ...given('stopTimeoutSeconds', number(options, 'stop-timeout')), ...given('timeoutSeconds', number(options, 'timeout')),
    terminal: flag(options, 'tty'), interactive: flag(options, 'interactive'), stdinOnce: flag(options, 'interactive') && !flag(options, 'detach'),
    ...given('umask', parseUmask(text(options, 'umask') ?? defaults.umask)),
    ...given('timezone', emptyToUndefined(text(options, 'tz') ?? defaults.timezone)),
    passwd: options['passwd'] !== false, ...given('passwdEntry', text(options, 'passwd-entry')), hostUsers: list(options, 'hostuser'),
    ...given('oomScoreAdj', number(options, 'oom-score-adj')), ...given('personality', parsePersonality(text(options, 'personality'))),
  };
}

function emptyToUndefined(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function parsePersonality(value: string | undefined): 'LINUX' | 'LINUX32' | undefined {
  if (value === undefined || value === '' || value === 'LINUX' || value === 'LINUX32') return value === '' ? undefined : value;
  throw new SkiffError('USAGE', `--personality ${JSON.stringify(value)}: want LINUX or LINUX32`);
}

/** containers.conf's, but for those places that the command line gives to others. */
function devicesRequest(options: OptionValues): SkiffRecord['devices'] {
  const asked = list(options, 'device').map(parseDevice);
  const defaults = (config().devices ?? []).map(parseDevice);
  return [...defaults.filter(({ destination }) => !asked.some((device) => device.destination === destination)), ...asked];
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

function networkRequest(options: OptionValues): Part<'network' | 'ports' | 'publishAll' | 'expose' | 'addHosts' | 'noHosts' | 'dns' | 'dnsSearch' | 'dnsOptions'> {
  const defaults = config();
  const or = (name: string, fallback: readonly string[] | undefined): readonly string[] => (options[name] === undefined ? (fallback ?? []) : list(options, name));
  return {
    network: parseNetwork(list(options, 'network')),
    ports: list(options, 'publish').flatMap((publish): PortBinding[] => parsePublish(publish)), publishAll: flag(options, 'publish-all'), expose: list(options, 'expose'),
    addHosts: list(options, 'add-host'), noHosts: choice(options, 'no-hosts', defaults.noHosts),
    dns: or('dns', defaults.dnsServers), dnsSearch: or('dns-search', defaults.dnsSearches), dnsOptions: or('dns-option', defaults.dnsOptions),
  };
}

function logRequest(options: OptionValues): Part<'logDriver' | 'logOptions'> {
  const defaults = config();
  const driver = text(options, 'log-driver') ?? defaults.logDriver ?? 'json-file';
  const known: readonly string[] = ['json-file', 'k8s-file', 'journald', 'none', 'passthrough'];
  if (!known.includes(driver)) throw new SkiffError('UNSUPPORTED', `log driver ${JSON.stringify(driver)} of containers.conf: want one of ${known.join(', ')}`);
  const logOptions = keyValues(list(options, 'log-opt'));
  const unknown = Object.keys(logOptions).find((key) => !['max-size', 'max-file', 'path', 'tag'].includes(key));
  if (unknown !== undefined) throw new SkiffError('USAGE', `--log-opt ${JSON.stringify(unknown)}: want max-size, max-file, path or tag`);
  const max = defaults.logSizeMaxBytes;
  if (logOptions['max-size'] === undefined && max !== undefined && max > 0) logOptions['max-size'] = String(max);
  const { logTag } = defaults;
  if (logOptions['tag'] === undefined && logTag !== undefined && logTag !== '' && driver === 'journald') logOptions['tag'] = logTag;
  return { logDriver: driver as CreateRequest['logDriver'], logOptions };
}

function limitsRequest(options: OptionValues): SkiffRecord['limits'] {
  const cpus = number(options, 'cpus');
  return {
    ...given('memoryBytes', number(options, 'memory')), ...given('memorySwapBytes', number(options, 'memory-swap')), ...given('memoryReservationBytes', number(options, 'memory-reservation')),
    ...given('nanoCpus', cpus === undefined || cpus === 0 ? undefined : Math.round(cpus * 1e9)),
    ...given('cpuShares', number(options, 'cpu-shares')), ...given('cpuQuota', number(options, 'cpu-quota')), ...given('cpuPeriod', number(options, 'cpu-period')),
    ...given('cpusetCpus', text(options, 'cpuset-cpus')), ...given('cpusetMems', text(options, 'cpuset-mems')), ...given('pids', number(options, 'pids-limit')),
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

function parseDevice(value: string): SkiffRecord['devices'][number] {
  const [source = '', second, third] = value.split(':');
  const permissions = third ?? (second !== undefined && /^[rwm]{1,3}$/.test(second) ? second : 'rwm');
  const destination = second === undefined || (third === undefined && /^[rwm]{1,3}$/.test(second)) ? source : second;
  if (source === '' || !destination.startsWith('/') || !/^[rwm]{1,3}$/.test(permissions)) throw new SkiffError('USAGE', `--device ${JSON.stringify(value)}: want DEVICE[:PATH[:rwm]]`);
  return { source, destination, permissions };
}

function parseUlimit(value: string): SkiffRecord['ulimits'][number] {
  if (value === 'host') return { type: 'host', soft: 0, hard: 0 };
  const match = /^([a-zA-Z_]+)=(-?\d+|unlimited)(?::(-?\d+|unlimited))?$/.exec(value);
  if (match === null) throw new SkiffError('USAGE', `--ulimit ${JSON.stringify(value)}: want NAME=SOFT[:HARD]`);
  const read = (word: string): number => (word === 'unlimited' ? -1 : Number(word));
  const soft = read(match[2] ?? '');
  return { type: match[1] ?? '', soft, hard: match[3] === undefined ? soft : read(match[3]) };
}

function parseRestart(value: string | undefined): SkiffRecord['restart'] {
  const match = /^(no|never|always|unless-stopped|on-failure)(?::(\d+))?$/.exec(value === undefined || value === '' ? 'no' : value);
  if (match === null || (match[2] !== undefined && match[1] !== 'on-failure')) throw new SkiffError('USAGE', `--restart ${JSON.stringify(value)}: want no, always, on-failure[:TIMES] or unless-stopped`);
  const policy = match[1] === 'never' ? 'no' : (match[1] as SkiffRecord['restart']['policy']);
  return { policy, maxRetries: Number(match[2] ?? 0) };
}

/** What is understood but can't be done yet is refused, not ignored. */
function refuseUnsupported(options: OptionValues): void {
  const { policy } = parseRestart(text(options, 'restart'));
  if (policy !== 'no') throw new SkiffError('UNSUPPORTED', `--restart ${policy}: there is nobody to start a container again`, { hint: 'run it from a systemd user unit with Restart=' });
}
