/** The network's part of a CreateRequest. */
import type { CreateRequest, NetworkRequest } from '../../../container/create-request.ts';
import { config } from '../../../host/config/index.ts';
import { SkiffError } from '../../../lib/errors.ts';
import { parseAddHost } from '../../../network/hosts.ts';
import { parseExpose, parsePublish } from '../../../network/ports.ts';
import { checkNameServers } from '../../../network/resolv.ts';
import { warn } from '../../output.ts';
import type { OptionValues } from '../../spec.ts';
import { parseNetwork } from './_namespaces.ts';
import { flag, list } from './_values.ts';

type NetworkPart = Pick<CreateRequest, 'network' | 'ports' | 'publishAll' | 'expose' | 'addHosts' | 'noHosts' | 'dns' | 'dnsSearch' | 'dnsOptions'>;

/** @throws USAGE for a text that is none of its kind, and for wishes that the network can't fulfil */
export function networkRequest(options: OptionValues): NetworkPart {
  const defaults = config();
  const network = parseNetwork(list(options, 'network'));
  const or = (name: string, fallback: readonly string[] | undefined): readonly string[] => (options[name] === undefined ? (fallback ?? []) : list(options, name));
  const addHosts = list(options, 'add-host');
  for (const text of addHosts) parseAddHost(text);
  checkNameServers(list(options, 'dns'));
  refuseNames(network, options);
  return {
    network, ...publishedPorts(network, options), expose: list(options, 'expose').map(parseExpose),
    addHosts, noHosts: options['no-hosts'] === undefined ? defaults.noHosts === true : flag(options, 'no-hosts'),
    dns: or('dns', defaults.dnsServers), dnsSearch: or('dns-search', defaults.dnsSearches), dnsOptions: or('dns-option', defaults.dnsOptions),
  };
}

/** Where no network of the container's own is made there is nobody to forward them: Podman warns, and so do we. */
function publishedPorts({ kind }: NetworkRequest, options: OptionValues): Pick<NetworkPart, 'ports' | 'publishAll'> {
  const ports = list(options, 'publish').flatMap(parsePublish);
  if (kind !== 'host' && kind !== 'none' && kind !== 'container') return { ports, publishAll: flag(options, 'publish-all') };
  if (ports.length > 0) warn('Port mappings have been discarded as one of the Host, Container, Pod, and None network modes are in use');
  return { ports: [], publishAll: false };
}

/** A container without a network asks nobody for names; one in another's network has the other's files. */
function refuseNames({ kind }: NetworkRequest, options: OptionValues): void {
  if (kind !== 'none' && kind !== 'container') return;
  if (['dns', 'dns-search', 'dns-option'].some((name) => list(options, name).length > 0)) throw new SkiffError('USAGE', `conflicting options: dns and the network mode: ${kind}`);
  if (kind === 'container' && list(options, 'add-host').length > 0) {
    throw new SkiffError('USAGE', 'cannot set extra host entries when the container is joined to another containers network namespace: invalid configuration');
  }
}
