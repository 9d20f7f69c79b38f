/**
 * /etc/passwd and /etc/group of a container: the image's, with lines for those whom it lacks, so that whoami and ssh work. Written beside the
 * bundle and bound over the image's, which stay as they are.
 */
import { writeFileSync } from 'node:fs';
import { join } from '../../lib/paths.ts';
import type { RootHandle } from '../../host/in-root.ts';
import type { ContainerRecord } from '../model.ts';
import type { BoundFiles, HostFacts, ResolvedUser } from '../spec/input.ts';
import { groupWith, passwdWith } from '../spec/passwd.ts';
import type { ReadRootfsFile } from '../spec/user.ts';
import { findHostUsers } from './host-users.ts';

const maxBytes = 16 * 1024 * 1024;

/** The files by which users and groups are looked up: the image's own, in its passwd the users of --hostuser as well. */
export function accountReader(root: RootHandle, { Skiff: own }: ContainerRecord): ReadRootfsFile {
  const lines = own.noPasswd === true ? [] : findHostUsers(own.hostUsers ?? []);
  return (path, most) => {
    const bytes = root.readFile(path, most);
    if (path !== '/etc/passwd' || lines.length === 0) return bytes;
    let text = bytes?.toString('latin1');
    for (const line of lines) text = passwdWith(text, line) ?? text;
    return text === undefined ? undefined : Buffer.from(text, 'latin1');
  };
}

/** Those that differ from the image's, written to `bundle`. A user who is known by number only gets a line: names came from the files. */
export function writeAccounts(root: RootHandle, bundle: string, { Skiff: own }: ContainerRecord, { user, host, read }: { user: ResolvedUser; host: HostFacts; read: ReadRootfsFile }): Pick<BoundFiles, 'passwd' | 'group'> {
  const files: Pick<BoundFiles, 'passwd' | 'group'> = {};
  const unknown = user.username === undefined && user.uid !== 0;
  if (own.noPasswd === true || (!unknown && own.hostUsers === undefined)) return files;
  const text = (bytes: Buffer | undefined): string | undefined => bytes?.toString('latin1');
  const name = user.uid === host.hostUid ? (process.env['USER'] ?? String(user.uid)) : String(user.uid);
  let passwd = text(read('/etc/passwd', maxBytes));
  if (unknown) passwd = passwdWith(passwd, { name, uid: user.uid, gid: user.gid, gecos: 'container user', home: user.home, shell: '/bin/sh' }, own.passwdEntry) ?? passwd;
  if (passwd !== undefined && passwd !== text(root.readFile('/etc/passwd', maxBytes))) {
    files.passwd = join(bundle, 'passwd');
    writeFileSync(files.passwd, passwd, { mode: 0o644, encoding: 'latin1' });
  }
  // A group of the user's own on the host is called as he is; of any other no name is known.
  const groupName = user.uid === host.hostUid && user.gid === host.hostGid ? name : String(user.gid);
  const group = unknown ? groupWith(text(read('/etc/group', maxBytes)), { name: groupName, gid: user.gid, members: [name] }) : undefined;
  if (group !== undefined) {
    files.group = join(bundle, 'group');
    writeFileSync(files.group, group, { mode: 0o644, encoding: 'latin1' });
  }
  return files;
}
