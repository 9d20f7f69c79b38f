/** Where the network programs are: containers.conf's network_cmd_path and helper_binaries_dir before PATH. */
import { isAbsolute } from 'node:path';
import { config } from '../host/config/index.ts';
import { findProgram } from '../host/find-program.ts';

/** Absolute path; undefined where it is not installed. @see containers.conf(5) */
export function findNetworkProgram(name: 'pasta' | 'slirp4netns'): string | undefined {
  const { helperBinariesDir = [], networkCmdPath = '' } = config();
  if (name === 'slirp4netns' && networkCmdPath !== '') return findProgram(networkCmdPath);
  return findProgram(name, helperBinariesDir.filter((dir) => isAbsolute(dir)));
}
