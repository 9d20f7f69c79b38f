/** /proc/<pid>/{stat,status,cmdline} as values. Pure. @see proc_pid_stat(5), proc_pid_status(5) */

export interface ContainerProcess {
  hostPid: number;
  hostParent: number;
  /** In the innermost pid namespace. */
  pid: number;
  command: string;
  /** Words of the command line joined by blanks; the name in brackets where there is none. */
  args: string;
  state: string;
  processGroup: number;
  /** Device number, 0 for none. */
  terminal: number;
  nice: number;
  /** User and system time, clock ticks. */
  cpuTicks: number;
  /** Since boot, clock ticks. */
  startTicks: number;
  virtualBytes: number;
  residentKilobytes: number;
  /** As our user namespace sees them: real, effective. */
  uid: number;
  effectiveUid: number;
  gid: number;
  effectiveGid: number;
  status: ReadonlyMap<string, string>;
}

export function parseProcess(hostPid: number, stat: string, statusText: string, cmdline: Buffer): ContainerProcess {
  // The name may hold blanks and parentheses: fields are counted from the last one.
  const close = stat.lastIndexOf(')');
  const command = stat.slice(stat.indexOf('(') + 1, close);
  const fields = stat.slice(close + 2).trim().split(' ');
  const number = (field: number): number => Number(fields[field - 3] ?? 0); // as numbered in the man page
  const status = new Map(statusText.split('\n').map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  }));
  const numbers = (key: string): number[] => (status.get(key) ?? '').split(/\s+/).map(Number);
  const args = cmdline.toString('utf8').replace(/\0+$/, '').replaceAll('\0', ' ');
  const [uid = 0, effectiveUid = 0] = numbers('Uid');
  const [gid = 0, effectiveGid = 0] = numbers('Gid');
  return {
    hostPid, hostParent: number(4), pid: numbers('NSpid').at(-1) ?? hostPid, command, args: args === '' ? `[${command}]` : args, state: fields[0] ?? '?',
    processGroup: numbers('NSpgid').at(-1) ?? number(5), terminal: number(7), nice: number(19), cpuTicks: number(14) + number(15), startTicks: number(22),
    virtualBytes: number(23), residentKilobytes: Number.parseInt(status.get('VmRSS') ?? '0', 10) || 0, uid, effectiveUid, gid, effectiveGid, status,
  };
}

/** "pts/0", "tty1", "?" for none. @see proc_pid_stat(5) tty_nr */
export function terminalName(device: number): string {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  if (device === 0) return '?';
  if (major >= 136 && major <= 143) return `pts/${(major - 136) * 256 + minor}`;
  if (major === 4) return minor < 64 ? `tty${minor}` : `ttyS${minor - 64}`;
  return `${major}/${minor}`;
}
