/**
 * slirp4netns: a NATed network 10.0.2.0/24 in a user-mode TCP/IP stack; the fallback where pasta is missing or has no interface to copy.
 * Ports go through its API socket. It runs in the foreground and ends when the pipe hangs up whose other end the monitor holds.
 *
 * @see slirp4netns(1), its "API SOCKET" section; podman-run(1) --network slirp4netns
 */
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { isRunning, serverFds, startServer, type BackgroundServer } from '../../host/background-helper.ts';
import { textIfThere } from '../../host/if-there.ts';
import { SkiffError } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import { mainHostAddress } from '../host-interface.ts';
import type { NetworkDriver, NetworkFacts, NetworkPlan, StartedNetwork } from '../index.ts';
import { formatBinding } from '../ports.ts';
import { ipFamily } from '../ip.ts';
import { findNetworkProgram } from '../program.ts';
import { checkPorts, closeNetns, openNetns } from './netns.ts';
import { addForwards } from './slirp-api.ts';

const pidFile = 'slirp4netns.pid';
const apiSocket = 'slirp4netns.sock';
const logFile = 'slirp4netns.log';
const defaultCidr = '10.0.2.0/24';
const defaultMtu = 65_520;

interface Options { allowHostLoopback: boolean; ipv6: boolean; cidr: string; mtu: number; outboundAddress?: string; outboundAddress6?: string }

export const slirp4netns: NetworkDriver = {
  needsLifeline: true,

  checkOptions(options) {
    parseOptions(options);
  },

  validate(plan) {
    program();
    parseOptions(plan.options);
    for (const port of plan.ports) {
      if (port.protocol === 'sctp') throw new SkiffError('UNSUPPORTED', `port ${formatBinding(port)}: slirp4netns forwards TCP and UDP only`);
      if (ipFamily(port.hostIP) === 6) throw new SkiffError('UNSUPPORTED', `port ${formatBinding(port)}: slirp4netns forwards from IPv4 addresses only`, { hint: 'use --network=pasta' });
    }
    checkPorts(plan);
  },

  facts(plan): NetworkFacts {
    const { cidr, allowHostLoopback } = parseOptions(plan.options);
    const address = (last: number): string => inNetwork(cidr, last);
    // Connections leave from the host: its own address leads to what listens there, without opening its loopback.
    const hostAddress = allowHostLoopback ? address(2) : mainHostAddress();
    return {
      nameservers: [address(3)], dropLoopbackNameservers: true, resolvConf: true,
      addresses: [{ family: 4, address: address(100), prefix: Number(cidr.split('/')[1]), gateway: address(2), interface: 'tap0' }],
      ...(hostAddress !== undefined && { hostAddress }),
    };
  },

  setup(plan): StartedNetwork {
    const argv = slirpArgv(program(), plan);
    openNetns(plan);
    return start(argv, plan);
  },

  teardown(plan) {
    const pid = readPid(plan);
    closeNetns(plan);
    if (pid !== undefined && isRunning(pid, 'slirp4netns', (path) => readFileSync(path, 'latin1'))) process.kill(pid, 'SIGTERM');
  },
};

function start(argv: readonly string[], plan: NetworkPlan): StartedNetwork {
  const logPath = join(plan.stateDir, logFile);
  const logFd = openSync(logPath, 'w', 0o600);
  let server: BackgroundServer;
  try {
    server = startServer(argv, { cwd: plan.stateDir, logFd, exitFd: plan.exitFd });
  } finally {
    closeSync(logFd);
  }
  writeFileSync(join(plan.stateDir, pidFile), String(server.pid), { mode: 0o600 });
  return {
    ...(plan.ownerPid === undefined && { netnsPath: plan.netnsPath }),
    async ready() {
      const ended = server.waitReady();
      if (ended !== undefined) throw failure(textIfThere(logPath) ?? '', ended.exitCode);
      if (plan.ports.length > 0) await addForwards(plan.stateDir, apiSocket, plan.ports, guestAddress(plan));
    },
    abandon() {
      server.abandon();
      slirp4netns.teardown(plan);
    },
  };
}

function program(): string {
  const path = findNetworkProgram('slirp4netns');
  if (path === undefined) {
    throw new SkiffError('HELPER_MISSING', 'network "slirp4netns": the program slirp4netns is not installed', { hint: 'install the package slirp4netns, or use --network=pasta, host or none' });
  }
  return path;
}

export function slirpArgv(path: string, plan: NetworkPlan): string[] {
  const options = parseOptions(plan.options);
  return [
    path, '--configure', '--enable-sandbox', '--enable-seccomp', `--mtu=${options.mtu}`,
    ...(options.allowHostLoopback ? [] : ['--disable-host-loopback']),
    ...(options.ipv6 ? ['--enable-ipv6'] : []),
    ...(options.cidr === defaultCidr ? [] : [`--cidr=${options.cidr}`]),
    ...(options.outboundAddress === undefined ? [] : [`--outbound-addr=${options.outboundAddress}`]),
    ...(options.outboundAddress6 === undefined ? [] : [`--outbound-addr6=${options.outboundAddress6}`]),
    // Relative: a unix socket's path has 107 bytes at most, a container's folder may have more.
    ...(plan.ports.length > 0 ? ['--api-socket', apiSocket] : []),
    `--ready-fd=${serverFds.ready}`, ...(plan.exitFd === undefined ? [] : [`--exit-fd=${serverFds.exit}`]), '--netns-type=path', plan.netnsPath, 'tap0',
  ];
}

/** Podman's words. @throws USAGE */
function parseOptions(texts: readonly string[]): Options {
  const options: Options = { allowHostLoopback: false, ipv6: true, cidr: defaultCidr, mtu: defaultMtu };
  for (const text of texts) {
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    const value = equals < 0 ? '' : text.slice(equals + 1);
    const bad = (): SkiffError => new SkiffError('USAGE', `network option ${JSON.stringify(text)} of slirp4netns: unknown, or its value is not understood`);
    if (name === 'allow_host_loopback' || name === 'enable_ipv6') {
      if (value !== 'true' && value !== 'false') throw bad();
      if (name === 'enable_ipv6') options.ipv6 = value === 'true';
      else options.allowHostLoopback = value === 'true';
    } else if (name === 'cidr' && /^[\d.]+\/\d{1,2}$/.test(value) && ipFamily(value.split('/')[0] ?? '') === 4) options.cidr = value;
    else if (name === 'mtu' && /^\d{3,5}$/.test(value)) options.mtu = Number(value);
    else if (name === 'outbound_addr' && value !== '') options.outboundAddress = value;
    else if (name === 'outbound_addr6' && value !== '') options.outboundAddress6 = value;
    // The other handler, rootlessport, hides the source address: ours is always slirp4netns' own.
    else if (name !== 'port_handler' || (value !== 'slirp4netns' && value !== 'rootlesskit')) throw bad();
  }
  return options;
}

/** The network's address number `host` (slirp4netns: gateway .2, DNS .3, container .100). */
function inNetwork(cidr: string, host: number): string {
  const [base = '', bits = '24'] = cidr.split('/');
  const number = base.split('.').reduce((value, part) => value * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  const address = Math.floor(number / size) * size + host;
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

function guestAddress(plan: NetworkPlan): string {
  return inNetwork(parseOptions(plan.options).cidr, 100);
}

function failure(log: string, exitCode: number): SkiffError {
  const said = log.split('\n').map((line) => line.trim()).findLast((line) => line !== '' && line !== 'do_slirp failed' && line !== 'parent failed' && line !== 'child failed') ?? `exit code ${exitCode}`;
  return new SkiffError('NETWORK_FAILED', `network "slirp4netns": ${said}`, {
    hint: /net\/tun/.test(log) ? 'slirp4netns needs /dev/net/tun: sudo modprobe tun, and the device open to users (mode 0666)' : undefined, data: { exitCode },
  });
}

function readPid(plan: NetworkPlan): number | undefined {
  const text = textIfThere(join(plan.stateDir, pidFile)) ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
