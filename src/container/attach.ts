/** Joining this terminal or these pipes to a container. The process becomes skiff-attach: no Node stays behind. */
import { isTerminal } from '../host/tty.ts';
import { SkiffError } from '../lib/errors.ts';
import { join } from '../lib/paths.ts';
import { becomeAttach } from '../runtime/become.ts';
import type { ClientWish } from '../runtime/start-monitor.ts';
import type { Context } from './index.ts';
import type { ContainerRecord } from './model.ts';
import { containerFiles, runDir, runFiles } from './names.ts';

const defaultDetachKeys = 'ctrl-p,ctrl-q';

/**
 * Bytes of a sequence like "ctrl-p,ctrl-q" or "a,ctrl-]"; empty text: none.
 * @see podman-attach(1) --detach-keys
 * @throws USAGE
 */
export function detachKeys(text: string | undefined): Buffer {
  const sequence = text ?? defaultDetachKeys;
  if (sequence === '') return Buffer.alloc(0);
  return Buffer.from(sequence.split(',').map((key) => {
    const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key.toLowerCase())?.[1];
    if (control !== undefined) return control.toUpperCase().charCodeAt(0) & 0x1f;
    if (/^[\x20-\x7e]$/.test(key)) return key.charCodeAt(0);
    throw new SkiffError('USAGE', `--detach-keys ${JSON.stringify(sequence)}: ${JSON.stringify(key)} is no key`, { hint: 'want one letter, or ctrl- and one of a-z, @, ^, [, \\, ] or _, separated by commas' });
  }));
}

/** Which streams the connection carries. With a terminal, stderr is stdout. */
export function clientWish(input: { interactive: boolean; terminal: boolean; streams?: ReadonlySet<string> }): ClientWish {
  const { streams } = input;
  return {
    stdin: streams === undefined ? input.interactive : streams.has('stdin') && input.interactive,
    stdout: streams === undefined || streams.has('stdout'),
    stderr: streams === undefined || streams.has('stderr'),
  };
}

export interface AttachInput {
  /** A connection with hello said; undefined: one is made. */
  socket?: number | undefined;
  wish: ClientWish;
  detachKeys: Buffer;
  signalProxy: boolean;
  /** As `run --rm` of Podman: the container goes with the reader of its output. */
  killUnread?: boolean;
}

/** Never returns. Raw mode, window size and detach keys only where the container has a terminal and this end is one too. */
export function attachContainer(context: Context, record: ContainerRecord, input: AttachInput): never {
  const terminal = record.Config.Tty;
  return becomeAttach({
    ...input.wish, terminal: terminal && isTerminal(0), detachKeys: terminal ? input.detachKeys : Buffer.alloc(0), signalProxy: input.signalProxy, killUnread: input.killUnread === true,
    socket: input.socket ?? join(runDir(context.runtimeDir, record.ID), runFiles.attach),
    exitFile: join(context.store.layout.container(record.ID), containerFiles.exit),
  });
}
