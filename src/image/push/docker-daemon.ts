/**
 * A Docker daemon as destination: it takes a docker-archive over its socket.
 *
 * @see Docker Engine API "POST /images/load"
 */
import { request } from 'node:http';
import { SkiffError, wrap } from '../../lib/errors.ts';
import type { Sink } from '../archive/tar-write.ts';

const defaultSocket = '/var/run/docker.sock';
const maxAnswerBytes = 1024 * 1024;

/** The socket that $DOCKER_HOST names, else the usual one. @throws UNSUPPORTED for a daemon that is not on this machine */
export function daemonSocket(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const host = env['DOCKER_HOST'];
  if (host === undefined || host === '') return defaultSocket;
  if (host.startsWith('unix://')) return host.slice('unix://'.length);
  throw new SkiffError('UNSUPPORTED', `DOCKER_HOST is ${JSON.stringify(host)}: only a daemon behind unix:// is reached`);
}

/** Sends what `produce` writes as the archive to be loaded. @throws NOT_FOUND, PERMISSION, IO (the daemon's own words) */
export async function loadIntoDaemon(produce: (sink: Sink) => Promise<void>, socketPath = daemonSocket()): Promise<void> {
  const what = `load into the Docker daemon at ${JSON.stringify(socketPath)}`;
  const call = request({ socketPath, method: 'POST', path: '/images/load?quiet=1', headers: { host: 'docker', 'content-type': 'application/x-tar' } });
  const failed = new Promise<never>((_, reject) => { call.on('error', reject); });
  failed.catch(() => {}); // looked at in each race below
  const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
    call.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        if (text.length < maxAnswerBytes) text += piece;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    });
  });
  answered.catch(() => {});
  try {
    await produce((bytes) => Promise.race([failed, new Promise<void>((done) => { call.write(bytes, () => done()); })]));
    call.end();
    const { status, text } = await Promise.race([failed, answered]);
    const complaint = /"(?:error|message)":\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
    if (status !== 200 || complaint !== undefined) throw new SkiffError('IO', complaint ?? `the daemon answered ${status}`);
  } catch (error) {
    call.destroy();
    throw wrap(error, what);
  }
}
