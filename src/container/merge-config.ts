/**
 * The image's config and the user's wishes become the container's config, by Docker's rules. Pure.
 *
 * - Env: containers.conf's, the image's, then the user's; a name given again replaces in place. --env-merge changes the first two.
 * - Entrypoint given: the image's Cmd is dropped. Words after the image replace Cmd.
 * - Labels: the image's, then the user's. Data only: no label steers anything.
 *
 * @see moby daemon/commit.go merge(), podman-run(1) --entrypoint
 */
import { SkiffError } from '../lib/errors.ts';
import type { RunConfig } from '../oci/image-config.ts';
import type { CreateRequest } from './create-request.ts';
import type { ContainerConfig } from './model.ts';
import { parseSignal } from './signals.ts';

export interface MergeInput {
  request: CreateRequest;
  image: RunConfig;
  /** What `Config.Image` shows. */
  imageName: string;
  /** Used where the user gave none. */
  defaultHostname: string;
}

/** @throws USAGE for a stop signal that is none, or when there is nothing to run */
export function mergeConfig({ request, image, imageName, defaultHostname }: MergeInput): ContainerConfig {
  const entrypoint = request.entrypoint ?? image.Entrypoint ?? [];
  const ownEntrypoint = request.entrypoint !== undefined && request.entrypoint.length > 0;
  const command = request.command.length > 0 ? request.command : ownEntrypoint ? [] : (image.Cmd ?? []);
  if (entrypoint.length === 0 && command.length === 0) {
    throw new SkiffError('USAGE', `image ${JSON.stringify(imageName)}: no command or entrypoint provided, and no CMD or ENTRYPOINT from image`);
  }
  const stopSignal = request.stopSignal ?? image.StopSignal;
  const config: ContainerConfig = {
    Hostname: request.hostname ?? defaultHostname,
    Domainname: '',
    User: request.user ?? image.User ?? '',
    AttachStdin: request.interactive,
    AttachStdout: true,
    AttachStderr: true,
    Tty: request.terminal,
    OpenStdin: request.interactive,
    StdinOnce: request.stdinOnce,
    Env: mergeEnv(image.Env ?? [], request),
    Cmd: command.length > 0 ? [...command] : null,
    Image: imageName,
    Volumes: Object.keys(image.Volumes ?? {}).length > 0 ? { ...image.Volumes } : null,
    WorkingDir: request.workdir ?? image.WorkingDir ?? '',
    Entrypoint: entrypoint.length > 0 ? [...entrypoint] : null,
    Labels: { ...image.Labels, ...request.labels },
    ...(stopSignal === undefined ? {} : { StopSignal: stopSignal }),
    ...(request.stopTimeoutSeconds === undefined ? {} : { StopTimeout: request.stopTimeoutSeconds }),
  };
  if (stopSignal !== undefined) parseSignal(stopSignal);
  const exposed = [...Object.keys(image.ExposedPorts ?? {}), ...request.expose];
  if (exposed.length > 0) config.ExposedPorts = Object.fromEntries(exposed.map((port) => [port.includes('/') ? port : `${port}/tcp`, {}]));
  if (config.WorkingDir !== '' && !config.WorkingDir.startsWith('/')) {
    throw new SkiffError('USAGE', `working directory ${JSON.stringify(config.WorkingDir)}: must be an absolute path`);
  }
  return config;
}

function mergeEnv(image: readonly string[], request: CreateRequest): string[] {
  const merged = new Map<string, string>();
  const put = (entry: string): void => {
    const name = entry.split('=', 1)[0] ?? entry;
    merged.set(name, entry.includes('=') ? entry : `${entry}=`);
  };
  if (!request.unsetEnvAll) for (const entry of [...request.defaultEnv, ...image]) put(entry);
  for (const name of request.unsetEnv) merged.delete(name);
  for (const entry of request.envMerge) {
    const name = entry.split('=', 1)[0] ?? entry;
    if (merged.has(name)) merged.set(name, expand(entry, merged));
  }
  for (const entry of request.env) put(entry);
  return [...merged.values()];
}

/** $NAME and ${NAME} become what `lines` set, or nothing; a backslash takes the sign its meaning. */
function expand(text: string, lines: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\\(.)|\$(?:\{(\w+)\}|(\w+))/g, (_whole, escaped: string | undefined, braced: string | undefined, bare: string | undefined) => {
    if (escaped !== undefined) return escaped;
    const name = braced ?? bare ?? '';
    return lines.get(name)?.slice(name.length + 1) ?? '';
  });
}

/** The words that are executed: entrypoint, then command. Never empty for a merged config. */
export function processArgs(config: ContainerConfig): string[] {
  return [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
}
