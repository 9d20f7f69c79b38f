/** One plain HTTP exchange of a test with its own server, by node:http: none of the code under test takes part. */
import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { deadlineMs } from './deadline.ts';

export interface TestServer {
  readonly url: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly files: { readonly ca: string; readonly clientCert: string; readonly clientKey: string } | undefined;
}

export interface TestAnswer { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer }

/** Path is with its query. The server's user and certificates are used where it has them. */
export function request(server: TestServer, method: string, path: string, options: { body?: Buffer; headers?: Record<string, string> } = {}): Promise<TestAnswer> {
  const url = new URL(path, server.url);
  const { files } = server;
  const tls = files === undefined ? {} : { ca: readFileSync(files.ca), cert: readFileSync(files.clientCert), key: readFileSync(files.clientKey) };
  const auth = server.user === undefined ? {} : { auth: `${server.user}:${server.password ?? ''}` };
  return new Promise((resolve, reject) => {
    const sent = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, { method, agent: false, headers: { ...options.headers, ...(options.body !== undefined && { 'content-length': options.body.length }) }, ...auth, ...tls }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (bytes: Buffer) => { pieces.push(bytes); });
      answer.on('end', () => { resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces) }); });
      answer.on('error', reject);
    });
    sent.setTimeout(deadlineMs, () => { sent.destroy(new Error(`${method} ${path}: no answer within ${deadlineMs / 1000} s`)); });
    sent.on('error', reject);
    sent.end(options.body);
  });
}
