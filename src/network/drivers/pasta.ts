/**
 * pasta: the container gets copies of the host's addresses, its connections are made by a process of the user's. No NAT, source addresses
 * are real ones, IPv6 works where the host has it.
 *
 * It binds its ports and configures the namespace in its first 8 ms, then touches its buffers and opens its socket pools (12 ms for TCP alone) and goes
 * into the background, 25 ms after its start in all: that runs beside the rest of `run`. It ends when its netns file is removed.
 *
 * @see passt(1); podman-network(7) "pasta"
 */
import { readFileSync } from 'node:fs';
import { isRunning, startHelper } from '../../host/background-helper.ts';
import { textIfThere } from '../../host/if-there.ts';
import { SkiffError } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import { pastaFeatures, type PastaFeatures } from '../features.ts';
import { defaultInterfaceAddresses, otherHostAddress } from '../host-interface.ts';
import type { NetworkDriver, NetworkFacts, NetworkPlan, PortBinding, StartedNetwork } from '../index.ts';
import { findNetworkProgram } from '../program.ts';
import { checkPorts, closeNetns, openNetns } from './netns.ts';

/** Link-local addresses that no network uses: Podman's choice for the same purposes. */
const dnsForwardAddress = '169.254.1.1';
const mapGuestAddress = '169.254.1.2';

const pidFile = 'pasta.pid';

export const pasta: NetworkDriver = {
  validate(plan) {
    program();
    const sctp = plan.ports.find((port) => port.protocol === 'sctp');
    if (sctp !== undefined) throw new SkiffError('UNSUPPORTED', `port ${sctp.hostPort}/sctp: pasta forwards TCP and UDP only`);
    checkPorts(plan);
  },

  facts(plan): NetworkFacts {
    const features = pastaFeatures(program(), plan.runtimeDir);
    const addresses = defaultInterfaceAddresses();
    const own = new Set(plan.options);
    const hostAddress = own.has('--map-gw') ? addresses.find((address) => address.family === 4)?.gateway : features.mapGuestAddress ? mapGuestAddress : otherHostAddress();
    const forwards = features.dnsForward && !hasOption(plan.options, '--dns-forward');
    return {
      nameservers: forwards ? [dnsForwardAddress] : [], dropLoopbackNameservers: true, addresses, resolvConf: true,
      ...(hostAddress !== undefined && { hostAddress }),
    };
  },

  setup(plan): StartedNetwork {
    const path = program();
    const argv = pastaArgv(path, plan, pastaFeatures(path, plan.runtimeDir));
    openNetns(plan);
    const helper = startHelper(argv);
    return {
      ...(plan.ownerPid === undefined && { netnsPath: plan.netnsPath }),
      ready() {
        const { exitCode, stderr } = helper.wait();
        return exitCode === 0 ? Promise.resolve() : Promise.reject(failure(stderr, exitCode));
      },
      abandon() {
        helper.abandon();
        pasta.teardown(plan);
      },
    };
  },

  teardown(plan) {
    const pid = readPid(plan);
    closeNetns(plan);
    // The removal ends it; a pasta told not to look (--no-netns-quit) is ended here.
    if (pid !== undefined && hasOption(plan.options, '--no-netns-quit') && isPasta(pid)) process.kill(pid, 'SIGTERM');
  },
};

function program(): string {
  const path = findNetworkProgram('pasta');
  if (path === undefined) {
    throw new SkiffError('HELPER_MISSING', 'network "pasta": the program pasta is not installed', { hint: 'install the package passt, or use --network=slirp4netns, host or none' });
  }
  return path;
}

/** Options of the user's replace ours of the same name; --map-gw takes our --no-map-gw away, as in Podman. */
export function pastaArgv(path: string, plan: NetworkPlan, features: PastaFeatures): string[] {
  const user = plan.options.filter((option) => option !== '--map-gw');
  const argv = [path, '--config-net', '--pid', join(plan.stateDir, pidFile)];
  const add = (option: string, ...values: string[]): void => {
    if (!hasOption(user, option)) argv.push(option, ...values);
  };
  if (features.dnsForward) add('--dns-forward', dnsForwardAddress);
  if (features.mapGuestAddress) add('--map-guest-addr', mapGuestAddress);
  for (const [protocol, option, long] of [['tcp', '-t', '--tcp-ports'], ['udp', '-u', '--udp-ports']] as const) {
    const specs = plan.ports.filter((port) => port.protocol === protocol).map(portSpec);
    for (const spec of specs) argv.push(option, spec);
    // Without it pasta forwards whatever the container listens on.
    if (specs.length === 0 && !hasOption(user, option) && !hasOption(user, long)) argv.push(option, 'none');
  }
  // From the container to the host's loopback: never unasked.
  if (!hasOption(user, '-T') && !hasOption(user, '--tcp-ns')) argv.push('-T', 'none');
  if (!hasOption(user, '-U') && !hasOption(user, '--udp-ns')) argv.push('-U', 'none');
  if (!plan.options.includes('--map-gw')) add('--no-map-gw');
  add('--quiet');
  argv.push('--netns', plan.netnsPath, ...user);
  return argv;
}

/** True where an option is among the user's, as a word of its own or with "=" or "," joined to its value. */
function hasOption(options: readonly string[], name: string): boolean {
  return options.some((option) => option === name || option.startsWith(`${name}=`));
}

function portSpec(port: PortBinding): string {
  const span = (first: number): string => (port.range > 1 ? `${first}-${first + port.range - 1}` : String(first));
  return `${port.hostIP === '' ? '' : `${port.hostIP}/`}${span(port.hostPort)}:${span(port.containerPort)}`;
}

/** Its own words, without the complaint about a missing syslog that it adds to each line in containers. */
function failure(stderr: string, exitCode: number): SkiffError {
  const lines = stderr.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !/^Failed to send \d+ bytes to syslog/.test(line) && !line.startsWith("Couldn't get any nameserver"));
  // Behind a word that it does not know comes all its usage.
  const said = lines.find((line) => /unrecognized option|requires an argument|invalid option/.test(line)) ?? lines.at(-1) ?? `exit code ${exitCode}`;
  return new SkiffError('NETWORK_FAILED', `network "pasta": ${said.replace(/, exiting$/, '')}`, { hint: hintFor(lines.join('\n')), data: { exitCode } });
}

function hintFor(text: string): string | undefined {
  if (/routable interface|No default route|no interfaces? with a default route/i.test(text)) return 'this machine has no default route: use --network=none, host or slirp4netns';
  if (/net\/tun|tun device|TUNSETIFF/i.test(text)) return 'pasta needs /dev/net/tun: sudo modprobe tun, and the device open to users (mode 0666)';
  if (/failed to bind|address already in use/i.test(text)) return "a published port is taken: see who has it with ss -tulnp";
  if (/unrecognized option|invalid option/i.test(text)) return 'the installed pasta does not know this option';
  return undefined;
}

function readPid(plan: NetworkPlan): number | undefined {
  const text = textIfThere(join(plan.stateDir, pidFile)) ?? '';
  return /^\d+\s*$/.test(text) ? Number(text) : undefined;
}

function isPasta(pid: number): boolean {
  return isRunning(pid, 'pasta', (path) => readFileSync(path, 'latin1'));
}
