/**
 * From the profile format of containers/common and Docker (a superset with conditions) to the runtime's.
 *
 * A rule is taken where every condition of `includes` holds and none of `excludes` does: capabilities of the container's bounding set,
 * architectures, and the kernel's version. Names that this kernel's libseccomp does not know are the runtime's matter: it skips them.
 *
 * @see containers/common pkg/seccomp; Docker docs "Seccomp security profiles"; runtime-spec config-linux.md "Seccomp"
 */
import { SkiffError } from '../../lib/errors.ts';
import type { Seccomp, SeccompArg, SeccompSyscall } from '../../oci/runtime-spec.ts';

/** One condition set of a rule. */
interface Conditions { caps?: string[]; arches?: string[]; minKernel?: string }

export interface ProfileRule {
  name?: string;
  names?: string[];
  action: string;
  args?: ProfileArg[] | null;
  errnoRet?: number | null;
  errno?: string;
  includes?: Conditions;
  excludes?: Conditions;
}

interface ProfileArg { index: number; value: number; valueTwo?: number; op: string }

export interface Profile {
  defaultAction: string;
  defaultErrnoRet?: number | null;
  defaultErrno?: string;
  architectures?: string[] | null;
  archMap?: { architecture: string; subArchitectures: string[] | null }[] | null;
  flags?: string[];
  listenerPath?: string;
  listenerMetadata?: string;
  syscalls?: ProfileRule[] | null;
}

export interface SeccompTarget {
  /** Of Node's `process.arch`. */
  arch: string;
  /** With the CAP_ prefix: the bounding set of the container. */
  capabilities: readonly string[];
  /** "6.1.0-18-amd64". */
  kernel: string;
}

/** Node's word -> the profile's word in conditions, libseccomp's. */
const architectures: Readonly<Record<string, { word: string; native: string; compat: string[] }>> = {
  x64: { word: 'amd64', native: 'SCMP_ARCH_X86_64', compat: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
  ia32: { word: 'x86', native: 'SCMP_ARCH_X86', compat: [] },
  arm64: { word: 'arm64', native: 'SCMP_ARCH_AARCH64', compat: ['SCMP_ARCH_ARM'] },
  arm: { word: 'arm', native: 'SCMP_ARCH_ARM', compat: [] },
  ppc64: { word: 'ppc64le', native: 'SCMP_ARCH_PPC64LE', compat: [] },
  s390x: { word: 's390x', native: 'SCMP_ARCH_S390X', compat: ['SCMP_ARCH_S390'] },
  riscv64: { word: 'riscv64', native: 'SCMP_ARCH_RISCV64', compat: [] },
  loong64: { word: 'loong64', native: 'SCMP_ARCH_LOONGARCH64', compat: [] },
};

/** The errno names that profiles use; the runtime wants numbers (asm-generic, the same on every architecture above). */
const errnoNumbers: Readonly<Record<string, number>> = {
  EPERM: 1, ENOENT: 2, EIO: 5, EAGAIN: 11, ENOMEM: 12, EACCES: 13, EFAULT: 14, EBUSY: 16, EEXIST: 17, ENODEV: 19, EINVAL: 22, ENOSYS: 38, EOPNOTSUPP: 95, EAFNOSUPPORT: 97,
};

/** @throws CONFIG_INVALID when the text is no profile */
export function parseProfile(text: string, from: string): Profile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SkiffError('CONFIG_INVALID', `seccomp profile "${from}": ${(error as Error).message}`, { cause: error });
  }
  const profile = value as Partial<Profile> | null;
  if (typeof profile !== 'object' || profile === null || typeof profile.defaultAction !== 'string') {
    throw new SkiffError('CONFIG_INVALID', `seccomp profile "${from}": no defaultAction`);
  }
  if (profile.syscalls !== undefined && profile.syscalls !== null && !Array.isArray(profile.syscalls)) {
    throw new SkiffError('CONFIG_INVALID', `seccomp profile "${from}": syscalls is not a list`);
  }
  for (const rule of profile.syscalls ?? []) {
    const names = rule.names ?? (typeof rule.name === 'string' ? [rule.name] : []);
    if (typeof rule.action !== 'string' || !Array.isArray(names) || names.some((name) => typeof name !== 'string')) {
      throw new SkiffError('CONFIG_INVALID', `seccomp profile "${from}": a rule without names or action`);
    }
  }
  return profile as Profile;
}

/** The runtime's form for this machine and container. */
export function convertProfile(profile: Profile, target: SeccompTarget): Seccomp {
  const arch = architectures[target.arch];
  const words = arch === undefined ? [] : [arch.word];
  const capabilities = new Set(target.capabilities);
  const syscalls: SeccompSyscall[] = [];
  for (const rule of profile.syscalls ?? []) {
    if (applies(rule, words, capabilities, target.kernel)) syscalls.push(convertRule(rule));
  }
  return {
    defaultAction: profile.defaultAction,
    ...defaultErrno(profile),
    architectures: profile.architectures ?? architecturesFor(profile, arch),
    ...(profile.flags !== undefined && { flags: profile.flags }),
    ...(profile.listenerPath !== undefined && { listenerPath: profile.listenerPath }),
    ...(profile.listenerMetadata !== undefined && { listenerMetadata: profile.listenerMetadata }),
    syscalls,
  };
}

function defaultErrno(profile: Profile): { defaultErrnoRet?: number } {
  const number = profile.defaultErrnoRet ?? errnoNumbers[profile.defaultErrno ?? ''];
  return number === undefined ? {} : { defaultErrnoRet: number };
}

function architecturesFor(profile: Profile, arch: (typeof architectures)[string] | undefined): string[] {
  if (arch === undefined) return [];
  const mapped = profile.archMap?.find((entry) => entry.architecture === arch.native);
  // The compat architectures have to be listed, else their calls (int 0x80, x32) would meet the filter's kill for foreign ones.
  return [arch.native, ...(mapped?.subArchitectures ?? arch.compat)];
}

function applies(rule: ProfileRule, arches: readonly string[], capabilities: ReadonlySet<string>, kernel: string): boolean {
  const { includes = {}, excludes = {} } = rule;
  if ((includes.arches?.length ?? 0) > 0 && !includes.arches?.some((word) => arches.includes(word))) return false;
  if (includes.caps?.some((name) => !capabilities.has(name))) return false;
  if (includes.minKernel && !kernelAtLeast(kernel, includes.minKernel)) return false;
  if (excludes.arches?.some((word) => arches.includes(word))) return false;
  if (excludes.caps?.some((name) => capabilities.has(name))) return false;
  return !(excludes.minKernel && kernelAtLeast(kernel, excludes.minKernel));
}

function kernelAtLeast(kernel: string, wanted: string): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map((part) => Number.parseInt(part, 10));
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function convertRule(rule: ProfileRule): SeccompSyscall {
  const errnoRet = rule.errnoRet ?? errnoNumbers[rule.errno ?? ''];
  const args = rule.args ?? [];
  return {
    names: rule.names ?? [rule.name ?? ''],
    action: rule.action,
    ...(errnoRet !== undefined && { errnoRet }),
    ...(args.length > 0 && { args: args.map(convertArg) }),
  };
}

function convertArg(arg: ProfileArg): SeccompArg {
  return { index: arg.index, value: arg.value, valueTwo: arg.valueTwo ?? 0, op: arg.op };
}
