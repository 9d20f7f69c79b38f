/**
 * Options of user mounts (-v, --mount, --tmpfs) in the runtime's words.
 */
import { SkiffError } from '../../lib/errors.ts';

const propagations = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave', 'unbindable', 'runbindable'];
const flags = ['exec', 'noexec', 'suid', 'nosuid', 'dev', 'nodev', 'atime', 'noatime', 'relatime', 'norelatime', 'strictatime', 'nodiratime', 'diratime', 'sync', 'async', 'dirsync'];
/** Handled before the container starts (U, copy) or without meaning here (SELinux labels: no transition happens in our containers). */
const consumed = ['z', 'Z', 'U', 'copy', 'nocopy', 'consistent', 'cached', 'delegated'];

/** Bind and volume mounts: recursive and rprivate unless told otherwise. `-v volume:` has nosuid and nodev as in Podman. @throws USAGE, UNSUPPORTED */
export function bindOptions(destination: string, kind: 'bind' | 'volume', readOnly: boolean, options: readonly string[]): string[] {
  const kept: string[] = [];
  let readOnlySeen = readOnly;
  for (const option of options) {
    if (option === 'ro' || option === 'readonly') readOnlySeen = true;
    else if (option === 'rw') readOnlySeen = readOnly;
    else if (propagations.includes(option) || flags.includes(option) || option === 'bind' || option === 'rbind' || option === 'rro') kept.push(option);
    else if (!consumed.includes(option)) throw refusal(destination, option);
  }
  if (kept.includes('rbind') && kept.includes('bind')) throw new SkiffError('USAGE', `mount ${JSON.stringify(destination)}: "bind" and "rbind" may not be used together`);
  if (!kept.includes('bind') && !kept.includes('rbind')) kept.push('rbind');
  addPropagation(destination, kept);
  if (kind === 'volume') addUnlessOpposed(kept, ['suid', 'nosuid'], ['dev', 'nodev']);
  return [readOnlySeen ? 'ro' : 'rw', ...new Set(kept)];
}

/** tmpfs: nosuid and nodev by default, and the image's content at that path copied up. @throws USAGE, UNSUPPORTED */
export function tmpfsOptions(destination: string, readOnly: boolean, options: readonly string[]): string[] {
  const kept: string[] = [];
  let readOnlySeen = readOnly;
  let copyUp = true;
  for (const option of options) {
    const [name, value] = splitOption(option);
    if (option === 'ro' || option === 'readonly') readOnlySeen = true;
    else if (option === 'rw') readOnlySeen = readOnly;
    else if (option === 'tmpcopyup' || option === 'notmpcopyup') copyUp = option === 'tmpcopyup';
    else if (propagations.includes(option) || flags.includes(option)) kept.push(option);
    else if (isTmpfsSetting(name, value)) kept.push(option);
    else if (!consumed.includes(option)) throw refusal(destination, option);
  }
  addPropagation(destination, kept);
  addUnlessOpposed(kept, ['suid', 'nosuid'], ['dev', 'nodev']);
  if (copyUp) kept.push('tmpcopyup');
  return [readOnlySeen ? 'ro' : 'rw', ...new Set(kept)];
}

function splitOption(option: string): [string, string] {
  const equals = option.indexOf('=');
  return equals < 0 ? [option, ''] : [option.slice(0, equals), option.slice(equals + 1)];
}

function isTmpfsSetting(name: string, value: string): boolean {
  if (name === 'size') return /^\d+[kKmMgG%]?$/.test(value);
  if (name === 'mode') return /^[0-7]{1,4}$/.test(value);
  if (name === 'uid' || name === 'gid' || name === 'nr_inodes' || name === 'nr_blocks') return /^\d+[kKmMgG]?$/.test(value);
  return false;
}

function addPropagation(destination: string, kept: string[]): void {
  const given = kept.filter((option) => propagations.includes(option));
  if (given.length > 1) throw new SkiffError('USAGE', `mount ${JSON.stringify(destination)}: "${given[0]}" and "${given[1]}" may not be used together`);
  if (given.length === 0) kept.push('rprivate');
}

function addUnlessOpposed(kept: string[], ...pairs: readonly (readonly [string, string])[]): void {
  for (const [loose, strict] of pairs) {
    if (!kept.includes(loose) && !kept.includes(strict)) kept.push(strict);
  }
}

function refusal(destination: string, option: string): SkiffError {
  const name = splitOption(option)[0];
  if (name === 'idmap') {
    return new SkiffError('UNSUPPORTED', `mount ${JSON.stringify(destination)}: option "idmap" needs an id-mapped mount, which the kernel grants to root only`, {
      hint: '--userns=keep-id shows your own files with your own number',
    });
  }
  if (name === 'O') return new SkiffError('UNSUPPORTED', `mount ${JSON.stringify(destination)}: overlay volumes (:O) are not supported`);
  return new SkiffError('USAGE', `mount ${JSON.stringify(destination)}: unknown option ${JSON.stringify(option)}`);
}
