/** Which files of containers.conf there are, in the order in which they win: later over earlier. */
import { existsSync } from 'node:fs';
import { SkiffError } from '../../lib/errors.ts';
import { join } from '../../lib/paths.ts';
import { dropInFiles } from './drop-ins.ts';
import { homeDir } from './home.ts';

/**
 * CONTAINERS_CONF replaces all others and CONTAINERS_CONF_OVERRIDE is put on top of whatever was read: both as Podman does. A file
 * that one of the two names has to exist.
 * @see containers.conf(5) "FILES"; containers-common 0.50 pkg/config behaviour
 * @throws NOT_FOUND
 */
export function containersConfFiles(env: NodeJS.ProcessEnv, systemDirs: readonly string[] = ['/usr/share/containers', '/etc/containers']): string[] {
  const files: string[] = [];
  const only = env['CONTAINERS_CONF'];
  if (only) files.push(mustExist(only, 'CONTAINERS_CONF'));
  else for (const dir of [...systemDirs, userDir(env)]) files.push(...filesIn(dir));
  const override = env['CONTAINERS_CONF_OVERRIDE'];
  if (override) files.push(mustExist(override, 'CONTAINERS_CONF_OVERRIDE'));
  return files;
}

function userDir(env: NodeJS.ProcessEnv): string {
  const base = env['XDG_CONFIG_HOME'];
  return join(base?.startsWith('/') === true ? base : join(homeDir(env), '.config'), 'containers');
}

/** containers.conf, then containers.conf.d/*.conf by name, as far as they exist. */
function filesIn(dir: string): string[] {
  const main = join(dir, 'containers.conf');
  return [...(existsSync(main) ? [main] : []), ...dropInFiles(`${main}.d`)];
}

function mustExist(path: string, variable: string): string {
  if (!existsSync(path)) throw new SkiffError('NOT_FOUND', `${variable}: ${JSON.stringify(path)} does not exist`);
  return path;
}
