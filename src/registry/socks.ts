/**
 * A way through a SOCKS 5 proxy.
 *
 * @see RFC 1928; RFC 1929 (user and password)
 */
import { once } from 'node:events';
import { connect, isIPv4, type Socket } from 'node:net';

const noAuth = 0;
const byPassword = 2;
const replies = ['', 'general failure', 'not allowed by its rules', 'network is unreachable', 'no route to host', 'connection refused', 'connection timed out', 'it can\'t connect', 'unknown kind of address'];
const errnos: Readonly<Record<number, string>> = { 3: 'ENETUNREACH', 4: 'EHOSTUNREACH', 5: 'ECONNREFUSED', 6: 'ETIMEDOUT' };

/** A connection to a host as the proxy sees it: names are resolved there. Open within `timeoutMs`. @throws Error, with Node's codes where they fit */
export async function openSocks(proxy: URL, host: string, port: number, timeoutMs: number): Promise<Socket> {
  const socket = connect({ host: proxy.hostname.replace(/^\[|\]$/g, ''), port: Number(proxy.port || 1080) });
  const timer = setTimeout(() => { socket.destroy(Object.assign(new Error('SOCKS proxy: no answer'), { code: 'ETIMEDOUT' })); }, timeoutMs);
  try {
    await once(socket, 'connect');
    socket.setNoDelay(true);
    await handshake(socket, proxy);
    await request(socket, host, port);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function handshake(socket: Socket, proxy: URL): Promise<void> {
  const [user, password] = [Buffer.from(decodeURIComponent(proxy.username)), Buffer.from(decodeURIComponent(proxy.password))];
  if (user.length > 255 || password.length > 255) throw new Error('SOCKS proxy: user or password is longer than 255 bytes');
  socket.write(user.length === 0 ? Buffer.from([5, 1, noAuth]) : Buffer.from([5, 2, noAuth, byPassword]));
  const chosen = await take(socket, 2);
  if (chosen[0] !== 5) throw new Error('SOCKS proxy: it speaks no SOCKS 5');
  if (chosen[1] === byPassword && user.length > 0) {
    socket.write(Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([password.length]), password]));
    if ((await take(socket, 2))[1] !== 0) throw new Error('SOCKS proxy: user or password refused');
  } else if (chosen[1] !== noAuth) throw new Error('SOCKS proxy: it wants a user and a password');
}

async function request(socket: Socket, host: string, port: number): Promise<void> {
  const name = Buffer.from(host);
  if (name.length > 255) throw new Error('SOCKS proxy: the name is longer than 255 bytes');
  // An IPv6 address goes as text, too: proxies resolve it like a name.
  const address = isIPv4(host) ? Buffer.from([1, ...host.split('.').map(Number)]) : Buffer.concat([Buffer.from([3, name.length]), name]);
  socket.write(Buffer.concat([Buffer.from([5, 1, 0]), address, Buffer.from([port >> 8, port & 255])]));
  const [, reply = 1, , kind] = await take(socket, 4);
  if (reply !== 0) throw Object.assign(new Error(`SOCKS proxy: ${replies[reply] ?? `failure ${reply}`}`), errnos[reply] !== undefined && { code: errnos[reply] });
  // The address that it is bound to is of no interest, but has to be read.
  await take(socket, (kind === 1 ? 4 : kind === 4 ? 16 : (await take(socket, 1))[0] ?? 0) + 2);
}

/** Exactly so many bytes; what follows stays in the socket. */
async function take(socket: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read(length) as Buffer | null;
    if (bytes !== null && bytes.length === length) return bytes;
    if (socket.readableEnded || socket.destroyed) throw Object.assign(new Error('SOCKS proxy: connection closed'), { code: 'ECONNRESET' });
    await Promise.race([once(socket, 'readable'), once(socket, 'end')]);
  }
}
