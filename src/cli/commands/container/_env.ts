/** --env, --env-file, --env-host and --http-proxy as "K=V" lines; label files too. */
import { readFileSync } from 'node:fs';

import { SkiffError, wrap } from '../../../lib/errors.ts';

export type HostEnv = Readonly<Record<string, string | undefined>>;

const proxyVariables = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY'];

export interface EnvOptions {
  host: boolean;
  proxy: boolean;
  files: readonly string[];
  lines: readonly string[];
}

/** In the order in which later ones win. @throws USAGE, NOT_FOUND (a file) */
export function collectEnv(options: EnvOptions, hostEnv: HostEnv): string[] {
  return [
    ...(options.host ? Object.entries(hostEnv).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])) : []),
    ...(options.proxy ? proxyVariables.flatMap((name) => (hostEnv[name] ? [`${name}=${hostEnv[name]}`] : [])) : []),
    ...options.files.flatMap((path) => readLines(path, 'env-file').flatMap((line) => envLine(line, hostEnv))),
    ...options.lines.flatMap((line) => envLine(line, hostEnv)),
  ];
}

/** `K=V` as it is; `K` from the host's environment, nothing where it is not set there; `K*` all that begin so. @throws USAGE */
export function envLine(line: string, hostEnv: HostEnv): string[] {
  if (line === '') return []; // as Podman: scripts have "-e $MAYBE"
  if (line.startsWith('=')) throw new SkiffError('USAGE', `invalid environment variable ${JSON.stringify(line)}`);
  if (line.includes('=')) return [line];
  if (line.endsWith('*')) {
    const prefix = line.slice(0, -1);
    return Object.entries(hostEnv).flatMap(([name, value]) => (name.startsWith(prefix) && value !== undefined ? [`${name}=${value}`] : []));
  }
  const value = hostEnv[line];
  return value === undefined ? [] : [`${line}=${value}`];
}

/** Lines of a file without blank ones and comments. */
export function readLines(path: string, option: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').map((line) => line.replace(/\r$/, '').trimStart()).filter((line) => line !== '' && !line.startsWith('#'));
  } catch (error) {
    throw wrap(error, `--${option} ${JSON.stringify(path)}`);
  }
}

/** Labels of the command line and of files: `K=V`, `K` for an empty value. @throws USAGE for one without a name */
export function labels(lines: readonly string[]): Record<string, string> {
  return keyValues(lines, (line) => (line === '' || line.startsWith('=') ? `unable to process labels: invalid label format: ${JSON.stringify(line)}` : undefined));
}

/** @throws USAGE for one without "=" */
export function annotations(lines: readonly string[]): Record<string, string> {
  return keyValues(lines, (line) => (line.includes('=') ? undefined : 'annotations must be formatted KEY=VALUE'));
}

/** `K=V`, `K` for an empty value. `refusal` tells what is wrong with a line. @throws USAGE */
export function keyValues(lines: readonly string[], refusal?: (line: string) => string | undefined): Record<string, string> {
  return Object.fromEntries(lines.map((line): [string, string] => {
    const wrong = refusal?.(line);
    if (wrong !== undefined) throw new SkiffError('USAGE', wrong);
    const equals = line.indexOf('=');
    return equals < 0 ? [line, ''] : [line.slice(0, equals), line.slice(equals + 1)];
  }));
}
