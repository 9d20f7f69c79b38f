/** --pid, --ipc, --uts, --cgroupns, --userns and --network as requests. */
import type { CreateRequest, NamespaceRequest, NetworkRequest } from '../../../container/create-request.ts';
import { config } from '../../../host/config/index.ts';
import { SkiffError } from '../../../lib/errors.ts';
import { findNetworkProgram } from '../../../network/program.ts';

type IpcRequest = CreateRequest['ipc'];

/** @throws USAGE */
export function parseNamespace(option: string, text: string | undefined): NamespaceRequest {
  const mode = common(text);
  if (mode === undefined) throw new SkiffError('USAGE', `--${option} ${JSON.stringify(text)}: want private, host, container:NAME or ns:PATH`);
  return mode;
}

/** @throws USAGE */
export function parseIpc(text: string | undefined): IpcRequest {
  if (text === undefined || text === '' || text === 'shareable') return { kind: 'shareable' };
  if (text === 'none') return { kind: 'none' };
  const mode = common(text);
  if (mode === undefined) throw new SkiffError('USAGE', `--ipc ${JSON.stringify(text)}: want private, shareable, none, host, container:NAME or ns:PATH`);
  return mode;
}

function common(text: string | undefined): NamespaceRequest | undefined {
  if (text === undefined || text === '' || text === 'private') return { kind: 'private' };
  if (text === 'host') return { kind: 'host' };
  if (text.startsWith('container:') && text.length > 10) return { kind: 'container', container: text.slice(10) };
  if (text.startsWith('ns:') && text.length > 3) return { kind: 'path', path: text.slice(3) };
  return undefined;
}

/** @throws USAGE UNSUPPORTED */
export function parseUserns(text: string | undefined): CreateRequest['userns'] {
  if (text === undefined || text === '') return { kind: 'default' };
  if (text === 'host') return { kind: 'host' };
  const [mode = '', options] = text.split(/:(.*)/s, 2);
  if (mode !== 'keep-id') {
    throw new SkiffError(['auto', 'nomap', 'private'].includes(mode) || /^(?:ns|container)$/.test(mode) ? 'UNSUPPORTED' : 'USAGE', `--userns ${JSON.stringify(text)}: want host or keep-id[:uid=N,gid=N]`);
  }
  const result: { kind: 'keep-id'; uid?: number; gid?: number } = { kind: 'keep-id' };
  for (const option of (options ?? '').split(',').filter((part) => part !== '')) {
    const match = /^(uid|gid)=(\d{1,10})$/.exec(option);
    if (match === null) throw new SkiffError('USAGE', `--userns ${JSON.stringify(text)}: unknown option ${JSON.stringify(option)}`);
    result[match[1] as 'uid' | 'gid'] = Number(match[2]);
  }
  return result;
}

/** The last --network counts; without one, what containers.conf says, else pasta, else slirp4netns. @throws USAGE HELPER_MISSING */
export function parseNetwork(texts: readonly string[]): NetworkRequest {
  if (texts.length > 1) throw new SkiffError('UNSUPPORTED', 'one network for a container, please: several are not supported');
  const text = texts[0] ?? config().netns ?? '';
  const [mode = '', options = ''] = text.split(/:(.*)/s, 2);
  switch (mode) {
    case '': case 'private': case 'bridge': case 'default': return defaultNetwork();
    case 'none': case 'host': return { kind: mode };
    case 'pasta': case 'slirp4netns': return served(mode, options.split(',').filter((option) => option !== ''));
    case 'container':
      if (options === '') break;
      return { kind: 'container', container: options };
    case 'ns':
      if (options === '') break;
      return { kind: 'path', path: options };
    default:
      throw new SkiffError('NETWORK_UNKNOWN', `unable to find network with name or ID ${text}: network not found`, { hint: 'want none, host, pasta, slirp4netns, container:NAME or ns:PATH' });
  }
  throw new SkiffError('USAGE', `--network ${JSON.stringify(text)}: want none, host, pasta, slirp4netns, container:NAME or ns:PATH`);
}

function defaultNetwork(): NetworkRequest {
  const wanted = config().rootlessNetworkCmd;
  if (wanted === 'slirp4netns' || wanted === 'pasta') return served(wanted, []);
  if (findNetworkProgram('pasta') !== undefined) return served('pasta', []);
  if (findNetworkProgram('slirp4netns') !== undefined) return served('slirp4netns', []);
  throw new SkiffError('HELPER_MISSING', 'no network program was found: neither pasta nor slirp4netns is installed', { hint: 'install the package passt, or use --network none or --network host' });
}

/** containers.conf's options of the program, then those of the command line. */
function served(kind: 'pasta' | 'slirp4netns', options: readonly string[]): NetworkRequest {
  const { pastaOptions = [], networkCmdOptions = [] } = config();
  return { kind, options: [...(kind === 'pasta' ? pastaOptions : networkCmdOptions), ...options] };
}
