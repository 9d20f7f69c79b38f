/** What the contained process is: program, environment, user, place. Shared by run, create and (in part) exec. */
import type { OptionSpec } from '../spec.ts';

export const envOption: OptionSpec = {
  name: 'env', short: 'e', kind: 'list', value: 'KEY[=VALUE]', complete: { kind: 'key=value' },
  help: 'Set an environment variable; without "=VALUE" take it from this environment; KEY may end in "*"',
};
export const envFileOption: OptionSpec = {
  name: 'env-file', kind: 'list', commas: true, value: 'FILE', help: 'Read environment variables from a file, one KEY[=VALUE] a line', complete: { kind: 'file' },
};
export const userOption: OptionSpec = { name: 'user', short: 'u', kind: 'string', value: 'USER[:GROUP]', help: 'User and group, by name or number', complete: { kind: 'user' } };
export const workdirOption: OptionSpec = { name: 'workdir', short: 'w', kind: 'string', value: 'DIR', help: 'Working directory inside the container' };
export const privilegedOption: OptionSpec = {
  name: 'privileged', kind: 'bool', help: 'All capabilities of the user namespace, all devices that the user may open, no seccomp, nothing masked',
};

/** Of run and create. */
export const processOptions: readonly OptionSpec[] = [
  { name: 'entrypoint', kind: 'string', value: 'COMMAND', help: 'Replace the entrypoint of the image; a JSON array gives its words, "" removes it' },
  envOption,
  envFileOption,
  { name: 'env-host', kind: 'bool', help: 'Pass this whole environment on' },
  { name: 'env-merge', kind: 'list', value: 'KEY=VALUE', help: 'Change a variable that the image or the defaults set; VALUE may contain ${KEY}' },
  { name: 'http-proxy', kind: 'bool', help: 'Pass the proxy variables of this environment on', default: 'true' },
  { name: 'unsetenv', kind: 'list', value: 'KEY', help: 'Leave out a variable that the image or the defaults would set' },
  { name: 'unsetenv-all', kind: 'bool', help: 'Leave out all variables that the image and the defaults would set' },
  userOption,
  workdirOption,
  { name: 'hostuser', kind: 'list', commas: true, value: 'USER', help: 'Add a user of the host to /etc/passwd, by name or number', complete: { kind: 'user' } },
  { name: 'passwd-entry', kind: 'string', value: 'LINE', help: 'Line of /etc/passwd for a user that the image does not know; may contain $USERNAME, $UID, $GID, $NAME, $HOME' },
  { name: 'umask', kind: 'string', value: 'MODE', help: 'File mode creation mask, octal', default: '0022' },
  { name: 'tz', kind: 'string', value: 'ZONE', help: 'Time zone: a name like Europe/Berlin, or "local" for that of the host' },
  { name: 'init', kind: 'bool', help: 'Run a small init as process 1, which forwards signals and reaps zombies' },
  { name: 'init-path', kind: 'string', value: 'FILE', help: 'Program of the host that is the init', complete: { kind: 'file' } },
  { name: 'oom-score-adj', kind: 'int', min: -1000, max: 1000, value: 'NUMBER', help: 'How early the kernel ends the process when memory is short; lower than that of the user needs privilege' },
  { name: 'personality', kind: 'string', value: 'DOMAIN', help: 'Execution domain', oneOf: ['LINUX', 'LINUX32'] },
  { name: 'stop-signal', kind: 'string', value: 'SIGNAL', help: 'Signal that stops the container', default: 'SIGTERM', complete: { kind: 'signal' } },
  { name: 'stop-timeout', kind: 'int', min: 0, value: 'SECONDS', help: 'Wait so long for the stop before killing', default: '10' },
  { name: 'timeout', kind: 'int', min: 0, value: 'SECONDS', help: 'Kill the container after it has run so long; 0 for never' },
];
