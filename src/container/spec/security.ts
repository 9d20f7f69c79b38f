/**
 * --security-opt: from its texts to one typed value. Docker's `key:value` is understood beside `key=value`.
 */
import { SkiffError } from '../../lib/errors.ts';

export interface SecurityOptions {
  /** undefined: the default profile. 'unconfined', or a file's path. */
  seccomp?: string;
  /** undefined: none asked. 'unconfined', or a loaded profile's name. */
  apparmor?: string;
  /** What label= asked of SELinux, but for "disable": "type:x". */
  labels: string[];
  noNewPrivileges: boolean;
  mask: string[];
  unmask: string[];
  /** Options of the proc mount, "hidepid=2". */
  procOptions: string[];
}

/** @throws USAGE for a key that is unknown or a value that makes no sense */
export function parseSecurityOptions(texts: readonly string[]): SecurityOptions {
  const options: SecurityOptions = { labels: [], noNewPrivileges: false, mask: [], unmask: [], procOptions: [] };
  for (const text of texts) {
    const parts = /^([a-z-]+)(?:[=:](.*))?$/s.exec(text);
    applyOption(options, text, parts?.[1] ?? text, parts?.[2]);
  }
  return options;
}

function applyOption(options: SecurityOptions, text: string, key: string, value: string | undefined): void {
  switch (key) {
    case 'no-new-privileges':
      options.noNewPrivileges = parseSwitch(text, value);
      return;
    case 'seccomp':
      options.seccomp = needed(text, value);
      return;
    case 'apparmor':
      options.apparmor = needed(text, value);
      return;
    case 'label':
      if (needed(text, value) !== 'disable') options.labels.push(needed(text, value));
      return;
    case 'mask':
      options.mask.push(...needed(text, value).split(':'));
      return;
    case 'unmask':
      options.unmask.push(...needed(text, value).split(/[:,]/));
      return;
    case 'systempaths':
      if (value !== 'unconfined') throw invalid(text, 'the only value is "unconfined"');
      options.unmask.push('ALL');
      return;
    case 'proc-opts':
      options.procOptions.push(...needed(text, value).split(','));
      return;
    default:
      throw invalid(text, 'unknown option');
  }
}

function needed(text: string, value: string | undefined): string {
  if (value === undefined || value === '') throw invalid(text, 'a value is needed');
  return value;
}

function parseSwitch(text: string, value: string | undefined): boolean {
  if (value === undefined || value === 'true') return true;
  if (value === 'false') return false;
  throw invalid(text, 'must be true or false');
}

function invalid(text: string, why: string): SkiffError {
  return new SkiffError('USAGE', `security option ${JSON.stringify(text)}: ${why}`);
}
