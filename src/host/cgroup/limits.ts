/**
 * Resource limits as cgroup v2 files, and the controllers that they need. Pure.
 *
 * @see cgroup-v2.rst of the kernel "Core Interface Files", "CPU", "Memory", "PID", "Cpuset"; crun.1 "cgroup v2" for the conversions
 */
import { SkiffError } from '../../lib/errors.ts';

export interface Limits {
  memoryBytes?: number;
  /** Memory and swap together, as Docker counts; -1: no limit of swap. */
  memorySwapBytes?: number;
  memoryReservationBytes?: number;
  nanoCpus?: number;
  /** v1's shares, 2…262144, default 1024. */
  cpuShares?: number;
  cpuQuota?: number;
  cpuPeriod?: number;
  cpusetCpus?: string;
  cpusetMems?: string;
  /** -1 or 0: no limit. */
  pids?: number;
}

const defaultPeriod = 100_000;

/** File name -> what is written to it. */
export function cgroup2Values(limits: Limits): Record<string, string> {
  const values: Record<string, string> = {};
  if (limits.memoryBytes !== undefined) values['memory.max'] = limit(limits.memoryBytes);
  if (limits.memoryReservationBytes !== undefined) values['memory.low'] = limit(limits.memoryReservationBytes);
  if (limits.memorySwapBytes !== undefined) values['memory.swap.max'] = swap(limits.memorySwapBytes, limits.memoryBytes);
  const cpu = cpuMax(limits);
  if (cpu !== undefined) values['cpu.max'] = cpu;
  if (limits.cpuShares !== undefined && limits.cpuShares !== 0) values['cpu.weight'] = String(cpuWeight(limits.cpuShares));
  if (limits.cpusetCpus !== undefined && limits.cpusetCpus !== '') values['cpuset.cpus'] = limits.cpusetCpus;
  if (limits.cpusetMems !== undefined && limits.cpusetMems !== '') values['cpuset.mems'] = limits.cpusetMems;
  if (limits.pids !== undefined) values['pids.max'] = limits.pids <= 0 ? 'max' : String(limits.pids);
  return values;
}

/** The controllers without which `limits` can't be kept, in the kernel's order. */
export function controllersFor(limits: Limits): string[] {
  const needed = new Set(Object.keys(cgroup2Values(realLimits(limits))).map((file) => file.slice(0, file.indexOf('.'))));
  return ['cpuset', 'cpu', 'memory', 'pids'].filter((name) => needed.has(name));
}

/** Those that limit something: 0, -1 and "" are ways to ask for no limit, which every host can give. */
function realLimits(limits: Limits): Limits {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined && value !== 0 && value !== -1 && value !== '')) as Limits;
}

const flags: Readonly<Record<keyof Limits, string>> = {
  memoryBytes: '--memory', memorySwapBytes: '--memory-swap', memoryReservationBytes: '--memory-reservation', nanoCpus: '--cpus', cpuShares: '--cpu-shares',
  cpuQuota: '--cpu-quota', cpuPeriod: '--cpu-period', cpusetCpus: '--cpuset-cpus', cpusetMems: '--cpuset-mems', pids: '--pids-limit',
};

/** The options by which `limits` are asked for, for messages. */
export function flagsOf(limits: Limits): string[] {
  const real = realLimits(limits);
  return (Object.keys(flags) as (keyof Limits)[]).filter((name) => real[name] !== undefined).map((name) => flags[name]);
}

function limit(bytes: number): string {
  return bytes < 0 ? 'max' : String(bytes);
}

/** v2 counts swap alone. */
function swap(total: number, memory: number | undefined): string {
  if (total < 0) return 'max';
  if (memory === undefined || memory < 0) throw new SkiffError('USAGE', 'a limit of memory and swap needs a limit of memory');
  if (total < memory) throw new SkiffError('USAGE', 'the limit of memory and swap must be at least the limit of memory');
  return String(total - memory);
}

function cpuMax(limits: Limits): string | undefined {
  if (limits.nanoCpus !== undefined && limits.nanoCpus > 0) return `${Math.round((limits.nanoCpus / 1e9) * defaultPeriod)} ${defaultPeriod}`;
  if (limits.cpuQuota === undefined && limits.cpuPeriod === undefined) return undefined;
  const quota = limits.cpuQuota === undefined || limits.cpuQuota <= 0 ? 'max' : String(limits.cpuQuota);
  return `${quota} ${limits.cpuPeriod ?? defaultPeriod}`;
}

/** v1's 2…262144 onto v2's 1…10000, as the OCI runtimes do it. */
function cpuWeight(shares: number): number {
  const within = Math.min(Math.max(shares, 2), 262_144);
  return Math.floor(1 + ((within - 2) * 9999) / 262_142);
}
