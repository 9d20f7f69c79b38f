/** Resource limits. Refused, never ignored, where the host can't. */
import type { OptionSpec } from '../spec.ts';
import { exclusive } from './checks.ts';

export const limitOptions: readonly OptionSpec[] = [
  { name: 'memory', short: 'm', kind: 'bytes', value: 'SIZE', help: 'Memory limit' },
  { name: 'memory-swap', kind: 'bytes', min: -1, value: 'SIZE', help: 'Limit of memory and swap together; -1 for unlimited swap' },
  { name: 'memory-reservation', kind: 'bytes', value: 'SIZE', help: 'Memory that is kept from reclaim' },
  { name: 'cpus', kind: 'float', min: 0, value: 'NUMBER', help: 'Processors the container may use' },
  { name: 'cpu-shares', short: 'c', kind: 'int', min: 0, value: 'WEIGHT', help: 'Weight among containers that compete for processors' },
  { name: 'cpu-quota', kind: 'int', value: 'MICROSECONDS', help: 'Processor time in each period' },
  { name: 'cpu-period', kind: 'int', min: 0, value: 'MICROSECONDS', help: 'Length of a period' },
  { name: 'cpuset-cpus', kind: 'string', value: 'LIST', help: 'Processors the container may run on: 0-3, 0,1' },
  { name: 'cpuset-mems', kind: 'string', value: 'LIST', help: 'Memory nodes the container may use: 0-3, 0,1' },
  { name: 'pids-limit', kind: 'int', min: -1, value: 'NUMBER', help: 'Most processes; -1 or 0 for no limit' },
  { name: 'ulimit', kind: 'list', commas: true, value: 'NAME=SOFT[:HARD]', help: 'Limit of setrlimit; "host" keeps those of the user' },
  { name: 'sysctl', kind: 'list', commas: true, value: 'KEY=VALUE', help: 'Kernel setting in the namespaces of the container' },
];

export const limitChecks = [exclusive('cpus', 'cpu-quota'), exclusive('cpus', 'cpu-period')];
