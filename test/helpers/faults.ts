/** Faults on request for fault-registry.ts: each is what one exchange goes through instead of the right answer. */
import type { Answer, Exchange, Fault } from './fault-registry.ts';

/** An error of the registry, with its code in the body as the specification wants. */
export function status(code: number, options: { headers?: Record<string, string>; error?: string; body?: string } = {}): Fault {
  const body = options.body ?? JSON.stringify({ errors: [{ code: options.error ?? 'UNKNOWN', message: `fault ${code}` }] });
  return (exchange) => { send(exchange, { status: code, headers: { 'content-type': 'application/json', ...options.headers }, body: Buffer.from(body) }); };
}

/** 429; `retryAfter` is the header's text: seconds or a date. */
export function tooMany(retryAfter?: string): Fault {
  return status(429, { error: 'TOOMANYREQUESTS', ...(retryAfter !== undefined && { headers: { 'retry-after': retryAfter } }) });
}

/** The right answer, bent: status, headers, body. Content-Length is that of the bent body. */
export function bend(change: (answer: Answer) => Answer): Fault {
  return async (exchange) => {
    const right = await exchange.answer();
    const bent = change(right);
    const { 'content-length': length, ...headers } = bent.headers;
    send(exchange, { ...bent, headers: bent.body === right.body && length !== undefined ? bent.headers : headers });
  };
}

/** The right head, then only this many bytes of the body, then a closed connection. */
export function cutBody(afterBytes: number): Fault {
  return async (exchange) => {
    const answer = await exchange.answer();
    exchange.response.writeHead(answer.status, { ...answer.headers, 'content-length': String(answer.body.length) });
    exchange.response.write(answer.body.subarray(0, afterBytes), () => { exchange.request.socket.destroy(); });
  };
}

/** The body with its last byte turned: same length, another digest. */
export function wrongBody(): Fault {
  return bend((answer) => {
    const body = Buffer.from(answer.body);
    if (body.length > 0) body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
    return { ...answer, body };
  });
}

/** The right body in pieces of `bytes`: the first at once, one more each `ms`. */
export function trickle(bytes: number, ms: number): Fault {
  return async ({ response, ...exchange }) => {
    const answer = await exchange.answer();
    response.writeHead(answer.status, { ...answer.headers, 'content-length': String(answer.body.length) });
    let at = 0;
    const next = (): void => {
      if (at < answer.body.length) response.write(answer.body.subarray(at, at += bytes));
      else response.end();
    };
    next();
    const timer = setInterval(next, ms);
    response.on('close', () => { clearInterval(timer); });
  };
}

/** The right head, then only this many bytes of the body, and nothing more. */
export function stall(afterBytes: number): Fault {
  return async (exchange) => {
    const answer = await exchange.answer();
    exchange.response.writeHead(answer.status, { ...answer.headers, 'content-length': String(answer.body.length) });
    exchange.response.write(answer.body.subarray(0, afterBytes));
  };
}

/** A redirect, 307 by default. */
export function redirect(to: string | ((exchange: Exchange) => string), code = 307): Fault {
  return (exchange) => { send(exchange, { status: code, headers: { location: typeof to === 'string' ? to : to(exchange) }, body: Buffer.alloc(0) }); };
}

/** No Content-Length: chunked, or (`closed`) ended by the connection's close as HTTP/1.0 did. */
export function noLength(kind: 'chunked' | 'closed' = 'chunked'): Fault {
  return async (exchange) => {
    const answer = await exchange.answer();
    const { 'content-length': _, ...headers } = answer.headers;
    if (kind === 'closed') {
      exchange.response.useChunkedEncodingByDefault = false;
      exchange.response.shouldKeepAlive = false;
    }
    exchange.response.writeHead(answer.status, headers);
    exchange.response.end(answer.body);
  };
}

/** A registry that never heard of Range: always 200 and everything. */
export function noRanges(): Fault {
  return async (exchange) => {
    delete exchange.request.headers.range;
    send(exchange, await exchange.answer());
  };
}

/** The connection closes before a byte of answer. */
export function reset(): Fault {
  return (exchange) => { exchange.request.socket.destroy(); };
}

/** Never answers. The connection is closed when the registry stops. */
export function hang(): Fault {
  return () => undefined;
}

/** `bytes` of spaces in a body that claims to be a manifest. */
export function hugeManifest(bytes: number): Fault {
  return bend((answer) => ({ ...answer, status: 200, body: Buffer.alloc(bytes, 0x20) }));
}

/** Sends an answer with the length of its body (unless its headers say otherwise); no body for HEAD. */
export function send(exchange: Exchange, answer: Answer): void {
  exchange.response.writeHead(answer.status, { 'content-length': String(answer.body.length), ...answer.headers });
  exchange.response.end(exchange.request.method === 'HEAD' ? undefined : answer.body);
}
