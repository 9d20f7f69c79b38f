/**
 * Options of Podman that skiff's commands do not have, each with its reason. Compared by machine with the recorded list of
 * Podman's options (test/unit/cli/peer-options.test.ts): an option is supported, or it stands here. A line here for an
 * option that skiff has is an error too. Loaded when such an option is used, to say why it is not taken.
 */

const pods = 'pods are not there yet';
const health = 'health checks are not there yet';
const secrets = 'secrets are not there yet';
const networks = 'named networks are not there yet: addresses and aliases belong to them';
const mappings = 'one user namespace is shared by all containers: its map is not chosen for each';
const blockIO = 'limits of disk access are not there yet';
const realtime = 'control group v2 has no such knob';
const descriptors = 'no descriptors but the standard ones are passed on';
const signing = 'signatures are not made yet: nothing would be signed';

/** By commands, separated by "|" ("*" for all), then by option. */
export const peerGaps: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'run|create': {
    'blkio-weight': blockIO, 'blkio-weight-device': blockIO, 'device-read-bps': blockIO, 'device-read-iops': blockIO, 'device-write-bps': blockIO, 'device-write-iops': blockIO,
    'cgroup-conf': 'no raw control group settings', 'cgroup-parent': 'containers live below the own unit or session',
    chrootdirs: 'container files are bound at fixed places',
    'cpu-rt-period': realtime, 'cpu-rt-runtime': realtime, 'memory-swappiness': realtime, 'oom-kill-disable': realtime,
    'device-cgroup-rule': 'device rules need privilege; a user has only devices bound in',
    gidmap: mappings, uidmap: mappings, subgidname: mappings, subuidname: mappings,
    'health-cmd': health, 'health-interval': health, 'health-on-failure': health, 'health-retries': health, 'health-start-period': health, 'health-timeout': health, 'no-healthcheck': health,
    ip: networks, ip6: networks, 'mac-address': networks, 'network-alias': networks,
    pod: pods, 'pod-id-file': pods,
    requires: 'not there yet',
    rootfs: 'a container has an image; `import` makes one of a directory',
    'seccomp-policy': 'images never choose their own profile',
    secret: secrets,
    systemd: 'not there yet',
  },
  run: { 'preserve-fds': descriptors },
  create: { attach: 'nothing is attached at creation', 'init-ctr': pods },
  commit: { squash: 'not there yet' },
  exec: { 'preserve-fds': descriptors },
  'push|manifest push': { 'sign-by': signing, 'sign-by-sigstore-private-key': signing, 'sign-passphrase-file': signing },
  ps: { pod: pods },
  rm: { depend: 'not there yet' },
  unshare: { 'rootless-netns': networks },
};

const daemonless = 'there is no daemon, machine or connection that it could be for';

/** Commands of Podman that skiff does not have, by where they would stand, each with its reason. Compared by machine as well. */
export const peerVerbGaps: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '': {
    ...notYet('auto-update build cp events export generate healthcheck init kube mount network pod secret stats unmount update volume'), machine: daemonless,
  },
  container: notYet('checkpoint clone cp export init mount restore runlabel stats unmount update'),
  image: notYet('build'),
  system: { ...notYet('reset'), connection: daemonless, service: daemonless, migrate: 'nothing of a container depends on the version', renumber: 'locks have no numbers' },
};

function notYet(words: string): Record<string, string> {
  return Object.fromEntries(words.split(' ').map((word) => [word, 'not there yet']));
}

/** The reason why skiff lacks a command of Podman's, `path` the words before it; undefined where Podman has none either. */
export function peerVerbGap(path: readonly string[], word: string): string | undefined {
  const gaps = peerVerbGaps[path.join(' ')] ?? {};
  return Object.hasOwn(gaps, word) ? gaps[word] : undefined;
}

/** The reason why `command` lacks `option`, or undefined. */
export function peerGap(command: string, option: string): string | undefined {
  for (const [commands, options] of Object.entries(peerGaps)) {
    if (commands !== '*' && !commands.split('|').includes(command)) continue;
    if (Object.hasOwn(options, option)) return options[option];
  }
  return undefined;
}
