/**
 * Whether plain HTTP is spoken at a port, found out with a few bytes: for a registry that may be without TLS. Node's TLS takes longer to
 * load and to fail than such a registry takes to answer.
 */
import { connect } from 'node:net';

const answerTimeoutMs = 1500;

/**
 * A TLS hello with two suites and no extensions. Its random bytes protect nothing, for the connection ends with the answer's first bytes;
 * they are newlines, so that who waits for a line of HTTP need not wait for ever.
 */
const hello = Buffer.concat([
  Buffer.from([0x16, 3, 1, 0, 49, 1, 0, 0, 45, 3, 3]), Buffer.alloc(32, '\n'), Buffer.from([0, 0, 4, 0xc0, 0x2f, 0, 0x9c, 1, 0, 0, 0]),
]);

/**
 * True where a TLS hello is answered with text that begins as HTTP does. False where it isn't, and where nobody answers: then the usual
 * way tells what is wrong. `url` has a port. Never throws.
 */
export function isPlainHttp(url: URL, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) });
    const end = (isPlain: boolean): void => {
      signal?.removeEventListener('abort', stop);
      socket.destroy();
      resolve(isPlain);
    };
    const stop = (): void => end(false);
    signal?.addEventListener('abort', stop, { once: true });
    socket.setTimeout(answerTimeoutMs, stop);
    socket.on('error', stop);
    socket.on('end', stop);
    socket.once('data', (bytes) => end(bytes.toString('latin1', 0, 4) === 'HTTP'.slice(0, bytes.length)));
    socket.write(hello);
  });
}
