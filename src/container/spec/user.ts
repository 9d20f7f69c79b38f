/**
 * Who a container's process is: from `--user` or the image's USER, by the container's own passwd and group files.
 *
 * Digits are always a number and never a name, so that a line of the image's passwd can't give the name "4294967296" to uid 0
 * (CVE-2024-40635, CVE-2026-46680); what does not fit is an error, never another user.
 *
 * @see Podman 4.3 and Docker 28 behaviour of --user; passwd(5), group(5)
 */
import { SkiffError } from '../../lib/errors.ts';
import type { ResolvedUser } from './input.ts';

/** Of the container's root filesystem; undefined where there is no such file. */
export type ReadRootfsFile = (path: string, maxBytes: number) => Buffer | undefined;

/** A directory of users in the millions has its passwd below this. */
const maxBytes = 16 * 1024 * 1024;
/** The largest id that the peers and the kernel's 32-bit signed users agree upon. */
const maxID = 2 ** 31 - 1;

interface PasswdEntry { name: string; uid: number; gid: number; home: string }
interface GroupEntry { name: string; gid: number; members: string[] }

/**
 * `spec` is "", user, user:group, with names or numbers. Without a group: the user's from passwd (0 where he is not listed) and all groups
 * that list his name; with one: that group alone. `groupAdd` names more ("keep-groups" is the runtime's matter and skipped).
 * @throws USAGE unknown name, number out of range; CONFIG_INVALID where passwd or group is no sane file
 */
export function resolveUser(spec: string, read: ReadRootfsFile, groupAdd: readonly string[] = []): ResolvedUser {
  const parts = spec.split(':');
  if (parts.length > 2) throw new SkiffError('USAGE', `user ${JSON.stringify(spec)}: must be of the form USER or USER:GROUP`);
  const [userText = '', groupText = ''] = parts;
  const entry = findUser(spec, userText, read);
  const lazyGroups = memo(() => parseGroup(read('/etc/group', maxBytes)));

  let gid = entry.gid;
  let supplementary: number[] = [];
  if (groupText !== '') gid = findGroup(groupText, lazyGroups);
  else if (entry.name !== undefined) supplementary = lazyGroups().filter((group) => group.members.includes(entry.name ?? '')).map((group) => group.gid);

  const added = groupAdd.filter((text) => text !== 'keep-groups').map((text) => findGroup(text, lazyGroups));
  return {
    uid: entry.uid,
    gid,
    additionalGids: [...new Set([gid, ...supplementary, ...added])],
    home: entry.home,
    ...(entry.name !== undefined && { username: entry.name }),
  };
}

function findUser(spec: string, text: string, read: ReadRootfsFile): { uid: number; gid: number; home: string; name?: string } {
  const uid = text === '' ? 0 : parseID(text, 'user');
  const entry = parsePasswd(read('/etc/passwd', maxBytes)).find((candidate) => (uid === undefined ? candidate.name === text : candidate.uid === uid));
  if (entry !== undefined) return { ...entry, home: entry.home === '' ? '/' : entry.home };
  if (uid === undefined) {
    throw new SkiffError('USAGE', `user ${JSON.stringify(spec)}: no such user in the container's /etc/passwd`);
  }
  return { uid, gid: 0, home: '/' };
}

function findGroup(text: string, groups: () => GroupEntry[]): number {
  const gid = parseID(text, 'group');
  if (gid !== undefined) return gid;
  const entry = groups().find((group) => group.name === text);
  if (entry === undefined) throw new SkiffError('USAGE', `group ${JSON.stringify(text)}: no such group in the container's /etc/group`);
  return entry.gid;
}

/** The number, or undefined for a name. @throws USAGE for digits that are no id */
function parseID(text: string, kind: 'user' | 'group'): number | undefined {
  if (!/^\d+$/.test(text)) {
    // "-1" and "+1" are what other parsers take for numbers
    if (/^[+-]\d/.test(text)) throw outOfRange(text, kind);
    return undefined;
  }
  const id = Number(text);
  if (id > maxID) throw outOfRange(text, kind);
  return id;
}

function outOfRange(text: string, kind: string): SkiffError {
  return new SkiffError('USAGE', `${kind} ${JSON.stringify(text)}: ids must be in the range 0 to ${maxID}`);
}

/** Well-formed lines in order; others are skipped as libc does. */
function parsePasswd(bytes: Buffer | undefined): PasswdEntry[] {
  return lines(bytes).flatMap((fields) => {
    const [name = '', , uidText = '', gidText = '', , home = ''] = fields;
    const uid = fieldID(uidText);
    const gid = fieldID(gidText);
    return name === '' || uid === undefined || gid === undefined ? [] : [{ name, uid, gid, home }];
  });
}

function parseGroup(bytes: Buffer | undefined): GroupEntry[] {
  return lines(bytes).flatMap((fields) => {
    const [name = '', , gidText = '', members = ''] = fields;
    const gid = fieldID(gidText);
    return name === '' || gid === undefined ? [] : [{ name, gid, members: members.split(',').filter((member) => member !== '') }];
  });
}

function fieldID(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id > maxID ? undefined : id;
}

/** latin1: bytes that are no UTF-8 stay apart from each other. */
function lines(bytes: Buffer | undefined): string[][] {
  if (bytes === undefined) return [];
  return bytes.toString('latin1').split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(':'));
}

function memo<T>(make: () => T): () => T {
  let value: { made: T } | undefined;
  return () => (value ??= { made: make() }).made;
}
