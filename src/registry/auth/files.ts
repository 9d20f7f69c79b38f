/**
 * Which files hold credentials, in the order in which they are asked.
 * @see containers-auth.json(5); containers/image pkg/docker/config (an explicit file is the only one)
 */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { join } from '../../lib/paths.ts';
import { homeDir } from '../../host/config/home.ts';
import { session } from '../../host/session.ts';

export interface AuthFile {
  readonly path: string;
  /** ~/.dockercfg: the entries are the document, keyed by host or by the URL of an API. */
  readonly legacy: boolean;
}

export interface AuthFiles {
  /** Where login writes. */
  readonly primary: string;
  /** What is read, first to last; a file that is missing says nothing. */
  readonly read: readonly AuthFile[];
  /** --authfile or $REGISTRY_AUTH_FILE, which then is the only file. */
  readonly explicit: boolean;
}

/** `given`: --authfile. Nothing is read, and nothing need exist. */
export function authFiles(env: NodeJS.ProcessEnv, given: string | undefined): AuthFiles {
  const explicit = given || env['REGISTRY_AUTH_FILE'] || undefined;
  if (explicit !== undefined) {
    const path = resolve(explicit);
    return { primary: path, read: [{ path, legacy: false }], explicit: true };
  }
  const primary = join(runtimeBase(env), 'containers', 'auth.json');
  const home = homeDir(env);
  const configHome = absolute(env['XDG_CONFIG_HOME']) ?? join(home, '.config');
  const dockerConfig = absolute(env['DOCKER_CONFIG']) ?? join(home, '.docker');
  return {
    primary, explicit: false,
    read: [
      { path: primary, legacy: false },
      { path: join(configHome, 'containers', 'auth.json'), legacy: false },
      { path: join(dockerConfig, 'config.json'), legacy: false },
      { path: join(home, '.dockercfg'), legacy: true },
    ],
  };
}

/** $XDG_RUNTIME_DIR, else where it would be, else beside what the launcher has found for us. */
function runtimeBase(env: NodeJS.ProcessEnv): string {
  const given = absolute(env['XDG_RUNTIME_DIR']);
  if (given !== undefined) return given;
  const { hostUid, runtimeDir } = session();
  const usual = `/run/user/${hostUid}`;
  if (existsSync(usual)) return usual;
  return runtimeDir.endsWith('/skiff') ? dirname(runtimeDir) : runtimeDir;
}

function absolute(path: string | undefined): string | undefined {
  return path?.startsWith('/') === true ? path : undefined;
}
