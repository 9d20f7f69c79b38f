/**
 * One HTTP/1.1 request by node:http, up to the head of its answer.
 *
 * Node's own client and not undici: its parser is native and in the binary already, where undici's has to be loaded and compiled
 * from WebAssembly. Two small requests: 30 ms of processor time over an empty script against 150.
 */
import { type Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { answerTimeout, timeoutError } from './errors.ts';

/** How requests to an origin travel. */
export interface Route {
  readonly agent: Agent;
  /** A proxy that is given whole addresses, and what it wants to see. */
  readonly proxy?: { readonly url: URL; readonly headers: Readonly<Record<string, string>> };
}

export interface Sending {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | (() => AsyncIterable<Uint8Array>) | undefined;
  readonly signal: AbortSignal | undefined;
  readonly connectTimeoutMs: number;
  /** For the answer's head once all is sent, and for each piece of the body that the socket doesn't take. */
  readonly answerTimeoutMs: number;
}

/** Rejects with Node's error, the source's or the signal's. The answer's body must be read or destroyed. */
export function sendRequest(route: Route, sending: Sending): Promise<IncomingMessage> {
  const { method, body, signal } = sending;
  const { url, path, headers } = addressed(route, sending);
  const length = body instanceof Uint8Array ? { 'content-length': String(body.length) } : {};
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(url, { agent: route.agent, method, path, headers: { ...length, ...headers }, ...(signal !== undefined && { signal }) });
    let timer = setTimeout(() => { request.destroy(timeoutError('ETIMEDOUT')); }, sending.connectTimeoutMs);
    request.on('socket', (socket: Socket) => {
      const connected = (): void => {
        clearTimeout(timer);
        timer = setTimeout(() => { request.destroy(timeoutError(answerTimeout)); }, sending.answerTimeoutMs);
      };
      if (socket.connecting) socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', connected);
      else connected();
    });
    request.on('response', (answer) => {
      clearTimeout(timer);
      // Told to whoever reads the body; without anybody listening Node would forget what it was.
      answer.on('error', () => undefined);
      // Answered before all was sent: there is no use for the rest, nor for the connection.
      if (!request.writableEnded) answer.once('close', () => { request.destroy(); });
      resolve(answer);
    });
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    if (typeof body !== 'function') request.end(body);
    else pour(request, body, Number(headers['content-length'] ?? NaN), () => { timer.refresh(); }).catch((error: unknown) => { request.destroy(error as Error); });
  });
}

function addressed({ proxy }: Route, { url, headers }: Sending): { url: URL; path: string; headers: Record<string, string> } {
  if (proxy === undefined) return { url, path: url.pathname + url.search, headers: { ...headers } };
  return { url: proxy.url, path: url.href, headers: { ...headers, host: url.host, ...proxy.headers } };
}

/** As fast as the socket takes it. Ends early where the answer has come. */
async function pour(request: ClientRequest, body: () => AsyncIterable<Uint8Array>, length: number, onProgress: () => void): Promise<void> {
  let isOver = false;
  let wake = (): void => undefined;
  const over = (): void => {
    isOver = true;
    wake();
  };
  request.once('response', over);
  request.once('close', over);
  request.on('drain', () => { wake(); });
  let sent = 0;
  for await (const piece of body()) {
    if (isOver) return;
    sent += piece.length;
    const mustWait = !request.write(piece);
    if (mustWait && !isOver) await new Promise<void>((resolve) => { wake = resolve; });
    onProgress();
  }
  if (sent !== length && !Number.isNaN(length)) throw new Error(`the source has ${sent} bytes, expected ${length}`);
  request.end();
}
