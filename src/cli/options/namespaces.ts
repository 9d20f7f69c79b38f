/** Which namespaces a container has of its own. */
import type { OptionSpec } from '../spec.ts';

function namespace(name: string, what: string, words: readonly string[]): OptionSpec {
  return { name, kind: 'string', value: 'MODE', help: `${what}: ${words.join(', ')}`, complete: { kind: 'choice', words: words.map((word) => word.replace(/(:).*/, '$1')) } };
}

export const namespaceOptions: readonly OptionSpec[] = [
  namespace('pid', 'PID namespace', ['private', 'host', 'container:NAME', 'ns:PATH']),
  namespace('ipc', 'IPC namespace', ['private', 'shareable', 'host', 'none', 'container:NAME', 'ns:PATH']),
  namespace('uts', 'UTS namespace', ['private', 'host', 'container:NAME', 'ns:PATH']),
  namespace('cgroupns', 'Control group namespace', ['private', 'host', 'container:NAME', 'ns:PATH']),
  { name: 'cgroups', kind: 'string', value: 'MODE', help: 'Whether the container gets a control group; split: in that of the unit that runs it', oneOf: ['enabled', 'no-conmon', 'split', 'disabled'], default: 'enabled' },
  namespace('userns', 'User namespace', ['host', 'keep-id', 'keep-id:uid=N,gid=N']),
  { name: 'hostname', short: 'h', kind: 'string', value: 'NAME', help: 'Host name of the container' },
];
