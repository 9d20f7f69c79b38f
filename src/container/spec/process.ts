/**
 * The container's first process: arguments, environment, working directory, limits.
 */
import { posix } from 'node:path';
import { SkiffError } from '../../lib/errors.ts';
import type { Rlimit } from '../../oci/runtime-spec.ts';
import type { SpecInput } from './input.ts';

/** Where skiff-init is seen inside the container; the path that Podman's users know. */
export const initMountPoint = '/run/podman-init';

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** argv of the first process. An empty first word is a command that can't be executed, not a missing one: that is refused at create. */
export function planArgs(input: SpecInput): string[] {
  const { Path, Args, Skiff } = input.record;
  const command = [Path, ...Args];
  return Skiff.init ? [initMountPoint, '--', ...command] : command;
}

/**
 * The environment, each name once, in the record's order with ours before it. `container=podman` tells systemd, toolbox and shell
 * prompts that they are in a container: they know the values podman, docker, lxc ... and not ours. HOME comes from
 * passwd, HOSTNAME from the UTS namespace, TERM from --tty; each is the user's or the image's where they set it.
 */
export function planEnv(input: SpecInput): string[] {
  const { Config, Skiff } = input.record;
  const values = new Map<string, string>([['PATH', defaultPath]]);
  if (Config.Tty) values.set('TERM', 'xterm');
  values.set('container', 'podman');
  for (const entry of Config.Env) {
    const equals = entry.indexOf('=');
    // An image may hold a name without a value: the peers pass it as an empty one.
    if (equals !== 0) values.set(equals < 0 ? entry : entry.slice(0, equals), equals < 0 ? '' : entry.slice(equals + 1));
  }
  if (!values.get('HOME')) values.set('HOME', input.user.home);
  if (!values.has('HOSTNAME')) values.set('HOSTNAME', Skiff.uts.kind === 'host' ? input.host.hostname : Config.Hostname);
  return [...values].map(([name, value]) => `${name}=${value}`);
}

/**
 * The working directory as a clean absolute path. One below /proc is refused: /proc/self/fd/N and /proc/1/cwd of the moment of start
 * name descriptors of the runtime (CVE-2024-21626); links of the image that lead there are workdir.ts' matter.
 * @throws USAGE
 */
export function planCwd(workingDir: string): string {
  if (workingDir === '') return '/';
  if (!workingDir.startsWith('/')) throw new SkiffError('USAGE', `working directory ${JSON.stringify(workingDir)}: must be an absolute path`);
  const cwd = posix.normalize(workingDir).replace(/(?<=.)\/$/, '');
  if (cwd === '/proc' || cwd.startsWith('/proc/')) {
    throw new SkiffError('USAGE', `working directory ${JSON.stringify(workingDir)}: must not be below /proc`);
  }
  return cwd;
}

const rlimitTypes: readonly string[] = [
  'AS', 'CORE', 'CPU', 'DATA', 'FSIZE', 'LOCKS', 'MEMLOCK', 'MSGQUEUE', 'NICE', 'NOFILE', 'NPROC', 'RSS', 'RTPRIO', 'RTTIME', 'SIGPENDING', 'STACK',
].map((name) => `RLIMIT_${name}`);

/** Podman's most for a container, whatever the host allows. */
const wishedLimit = 1_048_576;

/**
 * -1 is "unlimited" in the record, RLIM_INFINITY (2^64-1) for the runtime, which no JavaScript number holds: this value stands for it
 * and serialize.ts writes it out.
 */
export const unlimitedValue = 2 ** 63;

/**
 * Limits: the record's, else containers.conf's, else Podman's defaults (seen with 4.3.1): NOFILE the user's hard limit twice, NPROC
 * the user's own pair.
 * @throws USAGE for an unknown name, or for one above what an unprivileged user can set
 */
export function planRlimits(input: SpecInput): Rlimit[] {
  const { rlimits } = input.host;
  const result = new Map<string, Rlimit>();
  result.set('RLIMIT_NOFILE', cap('RLIMIT_NOFILE', rlimits.nofile.hard));
  result.set('RLIMIT_NPROC', cap('RLIMIT_NPROC', rlimits.nproc.hard, rlimits.nproc.soft));
  const most = (type: string): number => (type === 'RLIMIT_NOFILE' ? rlimits.nofile.hard : type === 'RLIMIT_NPROC' ? rlimits.nproc.hard : Infinity);
  // A default is given as far as this user may give it; only who asks himself is refused.
  if (input.record.Skiff.ulimits.length === 0) {
    for (const { type, soft, hard } of input.defaultRlimits ?? []) result.set(type, { type, hard: Math.min(hard, most(type)), soft: Math.min(soft, most(type)) });
  }
  for (const ulimit of input.record.Skiff.ulimits) {
    // --ulimit host: exactly what the user has.
    if (ulimit.type === 'host') {
      result.set('RLIMIT_NOFILE', asGiven('RLIMIT_NOFILE', rlimits.nofile));
      result.set('RLIMIT_NPROC', asGiven('RLIMIT_NPROC', rlimits.nproc));
      continue;
    }
    const { type, soft, hard } = toRlimit(ulimit);
    if (soft > hard) throw new SkiffError('USAGE', `limit "${ulimit.type}": soft limit ${soft} is above the hard limit ${hard}`);
    if (hard > most(type)) {
      throw new SkiffError('USAGE', `limit "${ulimit.type}": ${hard === unlimitedValue ? 'unlimited' : hard} is above this user's hard limit of ${most(type)}`, {
        hint: 'raise it in /etc/security/limits.conf, or for services with LimitNOFILE= and LimitNPROC=',
      });
    }
    result.set(type, { type, hard, soft });
  }
  return [...result.values()];
}

/** A limit in the runtime's words. @throws USAGE for a name that is none */
export function toRlimit(ulimit: { type: string; soft: number; hard: number }): Rlimit {
  const upper = ulimit.type.toUpperCase();
  const type = upper.startsWith('RLIMIT_') ? upper : `RLIMIT_${upper}`;
  if (!rlimitTypes.includes(type)) throw new SkiffError('USAGE', `unknown limit ${JSON.stringify(ulimit.type)}`);
  return { type, hard: ulimit.hard < 0 ? unlimitedValue : ulimit.hard, soft: ulimit.soft < 0 ? unlimitedValue : ulimit.soft };
}

function asGiven(type: string, limit: { soft: number; hard: number }): Rlimit {
  return { type, hard: Math.min(limit.hard, unlimitedValue), soft: Math.min(limit.soft, unlimitedValue) };
}

function cap(type: string, hard: number, soft = hard): Rlimit {
  return { type, hard: Math.min(wishedLimit, hard), soft: Math.min(wishedLimit, soft) };
}
