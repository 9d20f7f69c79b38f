/**
 * Kernel interfaces that a container does not see or may only read, and how --security-opt mask= and unmask= change that.
 *
 * @see Podman 4.3 to 5.x: the same lists, later entries included
 */
import { SkiffError } from '../../lib/errors.ts';

/** Shown as empty. */
export const maskedPaths: readonly string[] = [
  '/proc/acpi', '/proc/interrupts', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/sched_debug', '/proc/scsi', '/proc/timer_list',
  '/proc/timer_stats', '/sys/dev/block', '/sys/devices/virtual/powercap', '/sys/firmware', '/sys/fs/selinux',
];

/** Shown read-only. */
export const readonlyPaths: readonly string[] = ['/proc/asound', '/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

export interface PathRules { masked: string[]; readonly: string[] }

/** `unmask` entries are ALL, a path, or a shell pattern with * ? [...]; an unmasked path is neither hidden nor read-only. @throws USAGE */
export function planPaths(mask: readonly string[], unmask: readonly string[], extraMasked: readonly string[]): PathRules {
  for (const path of mask) {
    if (!path.startsWith('/')) throw new SkiffError('USAGE', `security option mask=${JSON.stringify(path)}: must be an absolute path`);
  }
  if (unmask.some((text) => text.toUpperCase() === 'ALL')) return { masked: [...mask], readonly: [] };
  const patterns = unmask.map(globToPattern);
  const kept = (path: string): boolean => !patterns.some((pattern) => pattern.test(path));
  return {
    masked: [...new Set([...extraMasked, ...maskedPaths].filter(kept).concat(mask))],
    readonly: readonlyPaths.filter(kept),
  };
}

function globToPattern(glob: string): RegExp {
  let source = '';
  for (let at = 0; at < glob.length; at++) {
    const character = glob.charAt(at);
    const end = character === '[' ? glob.indexOf(']', at + 2) : -1;
    if (character === '*') source += '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (end > 0) {
      const inside = glob.slice(at + 1, end).replace(/^[!^]/, '').replaceAll(/[\\[\]^]/g, String.raw`\$&`);
      source += /^[!^]/.test(glob.slice(at + 1)) ? `[^${inside}]` : `[${inside}]`;
      at = end;
    } else source += character.replaceAll(/[.+^${}()|\\[\]]/g, String.raw`\$&`);
  }
  return new RegExp(`^${source}$`);
}
