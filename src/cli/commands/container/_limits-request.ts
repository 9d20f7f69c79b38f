/** Limits, devices and kernel settings of a CreateRequest. */
import type { SkiffRecord } from '../../../container/model.ts';
import { toRlimit } from '../../../container/spec/process.ts';
import { config } from '../../../host/config/index.ts';
import { SkiffError } from '../../../lib/errors.ts';
import type { OptionValues } from '../../spec.ts';
import { given, list, number, text } from './_values.ts';

export function limitsRequest(options: OptionValues): SkiffRecord['limits'] {
  const cpus = number(options, 'cpus');
  return {
    ...given('memoryBytes', number(options, 'memory')), ...given('memorySwapBytes', number(options, 'memory-swap')), ...given('memoryReservationBytes', number(options, 'memory-reservation')),
    ...given('nanoCpus', cpus === undefined || cpus === 0 ? undefined : Math.round(cpus * 1e9)),
    ...given('cpuShares', number(options, 'cpu-shares')), ...given('cpuQuota', number(options, 'cpu-quota')), ...given('cpuPeriod', number(options, 'cpu-period')),
    ...given('cpusetCpus', text(options, 'cpuset-cpus')), ...given('cpusetMems', text(options, 'cpuset-mems')), ...given('pids', number(options, 'pids-limit')),
  };
}

/** containers.conf's, but for those places that the command line gives to others. */
export function devicesRequest(options: OptionValues): SkiffRecord['devices'] {
  const asked = list(options, 'device').map(parseDevice);
  const defaults = (config().devices ?? []).map(parseDevice);
  return [...defaults.filter(({ destination }) => !asked.some((device) => device.destination === destination)), ...asked];
}

function parseDevice(value: string): SkiffRecord['devices'][number] {
  const [source = '', second, third] = value.split(':');
  const permissions = third ?? (second !== undefined && /^[rwm]{1,3}$/.test(second) ? second : 'rwm');
  const destination = second === undefined || (third === undefined && /^[rwm]{1,3}$/.test(second)) ? source : second;
  if (source === '' || !destination.startsWith('/') || !/^[rwm]{1,3}$/.test(permissions)) throw new SkiffError('USAGE', `--device ${JSON.stringify(value)}: want DEVICE[:PATH[:rwm]]`);
  return { source, destination, permissions };
}

/** `NAME=SOFT[:HARD]`, or "host". @throws USAGE */
export function parseUlimit(value: string): SkiffRecord['ulimits'][number] {
  if (value === 'host') return { type: 'host', soft: 0, hard: 0 };
  const match = /^([a-zA-Z_]+)=(-?\d+|unlimited)(?::(-?\d+|unlimited))?$/.exec(value);
  if (match === null) throw new SkiffError('USAGE', `--ulimit ${JSON.stringify(value)}: want NAME=SOFT[:HARD]`);
  const read = (word: string): number => (word === 'unlimited' ? -1 : Number(word));
  const soft = read(match[2] ?? '');
  const ulimit = { type: match[1] ?? '', soft, hard: match[3] === undefined ? soft : read(match[3]) };
  const { soft: most, hard } = toRlimit(ulimit);
  if (most > hard) throw new SkiffError('USAGE', `--ulimit ${JSON.stringify(value)}: the soft limit is above the hard limit`);
  return ulimit;
}
