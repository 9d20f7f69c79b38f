/** Forward proxies inside the test's process. By HTTP: tunnels and plain requests, with a user and a password, to one server whatever its name. */
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';

export interface ForwardProxy {
  /** With user and password. */
  readonly url: string;
  readonly password: string;
  /** Request lines, as `CONNECT host:443` and `GET http://host/path`. */
  readonly lines: string[];
}

/** Everything goes to `port` of loopback. Without the right credentials: 407. */
export async function startForwardProxy(t: ExecutionContext, port: number): Promise<ForwardProxy> {
  const password = 'proxy-password';
  const sockets = new Set<Socket>();
  const isAllowed = (request: IncomingMessage): boolean => request.headers['proxy-authorization'] === `Basic ${Buffer.from(`me:${password}`).toString('base64')}`;
  const server = createServer((request, response) => {
    proxy.lines.push(`${request.method} ${request.url}`);
    if (!isAllowed(request)) {
      response.writeHead(407).end();
      return;
    }
    const { 'proxy-authorization': _ignored, ...headers } = request.headers;
    const url = new URL(request.url ?? '');
    request.pipe(httpRequest({ host: '127.0.0.1', port, method: request.method ?? 'GET', path: url.pathname + url.search, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    }));
  });
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    proxy.lines.push(`${request.method} ${request.url}`);
    if (!isAllowed(request)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const target = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(target).pipe(socket);
    });
    sockets.add(target);
    target.on('error', () => { socket.destroy(); });
    socket.on('error', () => { target.destroy(); });
  });
  server.on('connection', (socket) => { sockets.add(socket); });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const proxy: ForwardProxy = { url: `http://me:${password}@127.0.0.1:${(server.address() as AddressInfo).port}`, password, lines: [] };
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return proxy;
}

/** The same by SOCKS 5 (RFC 1928, RFC 1929), names resolved by the proxy. Lines are `SOCKS host:port`. */
export async function startSocksProxy(t: ExecutionContext, port: number): Promise<ForwardProxy> {
  const password = 'proxy-password';
  const sockets = new Set<Socket>();
  const lines: string[] = [];
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => { socket.destroy(); });
    const steps = [
      (): void => { socket.write(Buffer.from([5, 2])); },
      (bytes: Buffer): void => {
        const nameLength = bytes[1] ?? 0;
        const isRight = bytes.subarray(2, 2 + nameLength).toString() === 'me' && bytes.subarray(3 + nameLength).toString() === password;
        socket.write(Buffer.from([1, isRight ? 0 : 1]));
      },
      (bytes: Buffer): void => {
        const length = bytes[4] ?? 0;
        lines.push(`SOCKS ${bytes.subarray(5, 5 + length).toString()}:${bytes.readUInt16BE(5 + length)}`);
        const target = connect(port, '127.0.0.1', () => {
          socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
          socket.pipe(target).pipe(socket);
        });
        sockets.add(target);
        target.on('error', () => { socket.destroy(); });
      },
    ];
    const hear = (bytes: Buffer): void => {
      const step = steps.shift();
      if (steps.length === 0) socket.off('data', hear);
      step?.(bytes);
    };
    socket.on('data', hear);
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `socks5://me:${password}@127.0.0.1:${(server.address() as AddressInfo).port}`, password, lines };
}
