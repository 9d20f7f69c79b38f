/**
 * A line for a user whom the image's passwd does not know, so that whoami, sudo and ssh work for `--user 1234` and keep-id.
 */

export interface PasswdLine { name: string; uid: number; gid: number; gecos: string; home: string; shell: string }

/**
 * The text with the user's line at its end; undefined where he is listed already, or no passwd is there to be completed. `template` is a
 * whole line in the user's own words, with $USERNAME, $UID, $GID, $NAME and $HOME for what we know (podman-run(1) --passwd-entry).
 */
export function passwdWith(text: string | undefined, user: PasswdLine, template?: string): string | undefined {
  if (text === undefined || hasID(text, 2, user.uid)) return undefined;
  const name = text.split('\n').some((line) => line.startsWith(`${user.name}:`)) ? String(user.uid) : user.name;
  const line = template === undefined
    ? `${field(name)}:*:${user.uid}:${user.gid}:${field(user.gecos)}:${field(user.home)}:${field(user.shell)}`
    : fill(template, { USERNAME: name, UID: String(user.uid), GID: String(user.gid), NAME: user.gecos, HOME: user.home });
  return `${ended(text)}${ended(line)}`;
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced: string | undefined, bare: string | undefined) => {
    const value = values[braced ?? bare ?? ''];
    return value === undefined ? whole : field(value);
  });
}

/** The line of a user, by name or number, in a passwd file; undefined where he is not in it. @see passwd(5) */
export function findUser(text: string, wanted: string): PasswdLine | undefined {
  for (const line of text.split('\n')) {
    const [name = '', , uid = '', gid = '', gecos = '', home = '', shell = ''] = line.split(':');
    if ((name === wanted || uid === wanted) && name !== '' && /^\d+$/.test(uid) && /^\d+$/.test(gid)) return { name, uid: Number(uid), gid: Number(gid), gecos, home, shell };
  }
  return undefined;
}

/** Likewise for a group. */
export function groupWith(text: string | undefined, group: { name: string; gid: number; members: readonly string[] }): string | undefined {
  if (text === undefined || hasID(text, 2, group.gid)) return undefined;
  const name = text.split('\n').some((line) => line.startsWith(`${group.name}:`)) ? String(group.gid) : group.name;
  return `${ended(text)}${field(name)}:x:${group.gid}:${group.members.map(field).join(',')}\n`;
}

function hasID(text: string, column: number, id: number): boolean {
  return text.split('\n').some((line) => line.split(':')[column] === String(id));
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** No value can start a field or a line of its own. */
function field(text: string): string {
  return text.replaceAll(/[:\n\r,]/g, '_');
}
