/** Network of a container. */
import type { OptionSpec } from '../spec.ts';
import { exclusive } from './checks.ts';

export const networkOptions: readonly OptionSpec[] = [
  {
    name: 'network', aliases: ['net'], kind: 'list', value: 'MODE', help: 'Network: none, host, pasta[:OPTIONS], slirp4netns[:OPTIONS], container:NAME, ns:PATH',
    complete: { kind: 'choice', words: ['none', 'host', 'pasta', 'slirp4netns', 'container:', 'ns:'] },
  },
  { name: 'publish', short: 'p', kind: 'list', commas: true, value: '[[IP:]PORT:]PORT[/PROTOCOL]', help: 'Make a port, or a range of ports, of the container reachable on the host' },
  { name: 'publish-all', short: 'P', kind: 'bool', help: 'Publish all exposed ports at free ports of the host' },
  { name: 'expose', kind: 'list', commas: true, value: 'PORT[/PROTOCOL]', help: 'Tell that the container listens on a port or a range of ports' },
  { name: 'add-host', kind: 'list', commas: true, value: 'NAME:IP', help: 'Add a line to /etc/hosts; the IP may be "host-gateway"' },
  { name: 'no-hosts', kind: 'bool', help: 'Leave /etc/hosts as the image has it' },
  { name: 'dns', kind: 'list', commas: true, value: 'IP', help: 'Name server of the container' },
  { name: 'dns-search', kind: 'list', commas: true, value: 'DOMAIN', help: 'Search domain; "." for none' },
  { name: 'dns-option', aliases: ['dns-opt'], kind: 'list', commas: true, value: 'OPTION', help: 'Option of resolv.conf' },
];

export const networkChecks = [exclusive('no-hosts', 'add-host')];
