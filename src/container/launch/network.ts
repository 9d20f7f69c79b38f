/**
 * The container's network as a start sees it: its files, its namespace, and what has to be done between create and start.
 * Drivers and texts are network/'s; here they meet the container's record.
 */
import { closeSync, existsSync, writeFileSync } from 'node:fs';
import { wrap } from '../../lib/errors.ts';
import { log } from '../../lib/log.ts';
import { join } from '../../lib/paths.ts';
import { config } from '../../host/config/index.ts';
import { pipe } from '../../host/descriptors.ts';
import { textIfThere } from '../../host/if-there.ts';
import { driverFor, settlePlan } from '../../network/driver.ts';
import { buildHosts } from '../../network/hosts.ts';
import type { NetworkDriver, NetworkFacts, NetworkPlan } from '../../network/index.ts';
import { buildResolvConf, isOnlyStub, parseResolvConf, resolvedUpstream, type ResolvConf } from '../../network/resolv.ts';
import type { Context } from '../index.ts';
import type { ContainerRecord } from '../model.ts';
import { containerFiles, runDir, runFiles } from '../names.ts';
import { nameOf, tryReadRecord } from '../record.ts';
import type { BoundFiles, NamespacePaths } from '../spec/input.ts';

export interface PlannedNetwork {
  /** A namespace that is made already. */
  namespaces: Pick<NamespacePaths, 'network'>;
  files: Pick<BoundFiles, 'hosts' | 'resolvConf'>;
  /** The runtime makes the namespace, inside a nested user namespace, and `attach` comes between create and start. */
  deferred: boolean;
  /** Where it is there, the container is created and held until this is done. */
  attach?: (pid: number) => Promise<void>;
  /** Mounts of ours which are in the way of removing the runtime folder. */
  unmount: readonly string[];
  /** The end of a pipe that the monitor holds for as long as it lives: the helper sees by it that the container is over. */
  lifeline?: number | undefined;
  /** The monitor has the lifeline: ours is closed. */
  handedOver: () => void;
  /** Undoes a start that fails. */
  teardown: () => void;
}

/**
 * Starts what can be started before the container is there; it comes up while the rest goes on.
 * @throws NETWORK_FAILED, HELPER_MISSING, USAGE, UNSUPPORTED
 */
export function planNetwork(context: Context, record: ContainerRecord, joinPath: string | undefined): PlannedNetwork {
  const { plan, notice } = settlePlan(plainPlan(context, record, joinPath));
  if (notice !== undefined) log.warn(notice);
  const driver = driverFor(plan.kind);
  driver.validate(plan);
  if (plan.kind !== 'pasta' && plan.kind !== 'slirp4netns') {
    return { namespaces: {}, files: writeFiles(context, record, driver.facts(plan)), deferred: false, unmount: [], handedOver: () => {}, teardown: () => {} };
  }
  // The helper first: the texts are written while it comes up.
  const served = serve(driver, plan, record.Skiff.userns.kind === 'keep-id');
  try {
    const facts = driver.facts(plan);
    rememberAddresses(plan, facts);
    return { ...served, files: writeFiles(context, record, facts) };
  } catch (error) {
    served.teardown();
    throw error;
  }
}

/** A helper program serves the namespace: ours, made now, or with `nested` the runtime's, made with the container. */
function serve(driver: NetworkDriver, plan: NetworkPlan, nested: boolean): Omit<PlannedNetwork, 'files'> {
  const [exitFd, lifeline] = driver.needsLifeline === true ? pipe() : [undefined, undefined];
  const complete = exitFd === undefined ? plan : { ...plan, exitFd };
  let started = nested ? undefined : driver.setup(complete);
  let open = [exitFd, lifeline].filter((fd) => fd !== undefined);
  const closeAll = (): void => {
    for (const fd of open) closeSync(fd);
    open = [];
  };
  return {
    namespaces: started?.netnsPath === undefined ? {} : { network: started.netnsPath },
    deferred: nested, unmount: [plan.netnsPath], lifeline,
    attach: async (pid) => {
      started ??= driver.setup({ ...complete, ownerPid: pid });
      await started.ready();
      closeAll();
    },
    handedOver: () => {
      if (lifeline === undefined) return;
      closeSync(lifeline);
      open = open.filter((fd) => fd !== lifeline);
    },
    teardown: () => {
      started?.abandon();
      closeAll();
    },
  };
}

/** After a container whose monitor could not see to it. Idempotent. */
export function endNetwork(context: Context, record: ContainerRecord): void {
  const plan = plainPlan(context, record, undefined);
  driverFor(plan.kind).teardown(plan);
}

function plainPlan(context: Context, record: ContainerRecord, joinPath: string | undefined): NetworkPlan {
  const { network, ports } = record.Skiff;
  const stateDir = runDir(context.runtimeDir, record.ID);
  return {
    kind: network.kind, options: 'options' in network ? network.options : [], ports: network.kind === 'host' || network.kind === 'none' ? [] : ports,
    netnsPath: join(stateDir, runFiles.netns, 'net'), stateDir, runtimeDir: context.runtimeDir, ...(joinPath === undefined ? {} : { joinPath }),
  };
}

/** hosts and resolv.conf in the container's folder, written anew at each start: the host's may have changed. */
function writeFiles(context: Context, record: ContainerRecord, facts: NetworkFacts): PlannedNetwork['files'] {
  const { network } = record.Skiff;
  if (network.kind === 'container') {
    // One network, one set of names.
    const other = tryReadRecord(context, network.id);
    if (other === undefined) return {};
    return { ...(existsSync(other.HostsPath) && { hosts: other.HostsPath }), ...(existsSync(other.ResolvConfPath) && { resolvConf: other.ResolvConfPath }) };
  }
  const folder = context.store.layout.container(record.ID);
  const files: PlannedNetwork['files'] = {};
  try {
    if (record.Skiff.noHosts !== true) {
      files.hosts = join(folder, containerFiles.hosts);
      writeFileSync(files.hosts, hostsText(record, facts), { mode: 0o644 });
    }
    if (facts.resolvConf) {
      files.resolvConf = join(folder, containerFiles.resolvConf);
      writeFileSync(files.resolvConf, resolvText(record, facts), { mode: 0o644 });
    }
  } catch (error) {
    throw wrap(error, `write the network files of container "${nameOf(record)}"`);
  }
  return files;
}

function hostsText(record: ContainerRecord, facts: NetworkFacts): string {
  const { baseHostsFile, hostContainersInternalIP } = config();
  const base = baseHostsFile === 'none' || baseHostsFile === 'image' ? '' : hostText(baseHostsFile === undefined || baseHostsFile === '' ? '/etc/hosts' : baseHostsFile);
  const shared = record.Skiff.network.kind === 'host';
  const own = facts.addresses.length > 0 ? facts.addresses.map(({ address }) => address) : ['127.0.0.1'];
  return buildHosts({ base, added: record.Skiff.addHosts, hostAddress: hostContainersInternalIP === undefined || hostContainersInternalIP === '' ? facts.hostAddress : hostContainersInternalIP, own: shared ? [] : own, ownNames: [record.Config.Hostname, nameOf(record)] });
}

function resolvText(record: ContainerRecord, facts: NetworkFacts): string {
  const { dns, dnsSearch, dnsOptions } = record.Skiff;
  return buildResolvConf({ host: hostResolvConf(), dns, search: dnsSearch, options: dnsOptions, extra: facts.nameservers, dropLoopback: facts.dropLoopbackNameservers });
}

function hostResolvConf(): ResolvConf {
  const conf = parseResolvConf(hostText('/etc/resolv.conf'));
  if (!isOnlyStub(conf)) return conf;
  const upstream = hostText(resolvedUpstream);
  return upstream === '' ? conf : parseResolvConf(upstream);
}

/** For inspect. */
function rememberAddresses(plan: NetworkPlan, facts: NetworkFacts): void {
  writeFileSync(join(plan.stateDir, runFiles.network), JSON.stringify(facts.addresses), { mode: 0o600 });
}

/** '' where the host has no such file. */
function hostText(path: string): string {
  return textIfThere(path, 'read a file of the host') ?? '';
}
