/** Mounts as inspect tells them: with the options that they get unasked, in Podman's order. Pure. */
import type { Mount } from '../model.ts';
import { bindOptions, tmpfsOptions } from '../spec/mount-options.ts';

type BindMount = Exclude<Mount, { kind: 'tmpfs' }>;

const isPropagation = (option: string): boolean => /^r?(?:private|shared|slave|unbindable)$/.test(option);
const isAccess = (option: string): boolean => option === 'ro' || option === 'rw';

/** An element of Mounts: propagation, access and label are members of their own there. */
export function mountView(mount: BindMount): Record<string, unknown> {
  const options = allOptions(mount);
  return {
    Type: mount.kind, ...(mount.kind === 'volume' && { Name: mount.name }), Source: mount.source, Destination: mount.destination,
    Driver: mount.kind === 'volume' ? 'local' : '', Mode: options.find(isLabel) ?? '', Options: options.filter((option) => !isPropagation(option) && !isAccess(option) && !isLabel(option)),
    RW: !options.includes('ro'), Propagation: options.find(isPropagation) ?? '',
  };
}

/** An element of HostConfig.Binds; none for a tmpfs. */
export function bindText(mount: Mount): string[] {
  if (mount.kind === 'tmpfs') return [];
  return [`${mount.kind === 'volume' ? mount.name : mount.source}:${mount.destination}:${allOptions(mount).join(',')}`];
}

/** A value of HostConfig.Tmpfs. */
export function tmpfsText({ destination, readOnly, options }: Extract<Mount, { kind: 'tmpfs' }>): string {
  return tmpfsOptions(destination, readOnly, options).join(',');
}

/** Access, what was asked for, then what comes unasked, rbind last. */
function allOptions({ kind, destination, readOnly, options }: BindMount): string[] {
  const [access = 'rw', ...effective] = bindOptions(destination, kind, readOnly, options);
  const asked = options.filter((option) => effective.includes(option) || isLabel(option));
  const unasked = effective.filter((option) => !asked.includes(option));
  const last = unasked.filter((option) => option === 'rbind');
  return [access, ...asked, ...unasked.filter((option) => option !== 'rbind'), ...last];
}

function isLabel(option: string): boolean {
  return option === 'z' || option === 'Z';
}
