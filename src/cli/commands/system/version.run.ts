import { endianness } from 'node:os';
import { goArchitecture } from '../../../oci/platform.ts';
import { version } from '../../../lib/version.ts';
import { renderEach } from '../../listing.ts';
import { print, printJson } from '../../output.ts';
import type { Invocation } from '../../spec.ts';

/** Podman's field names; the Go version is the runtime's own, as there. There is no server, as with a local Podman. */
export function versionReport(): { Client: Record<string, string | number> } {
  return {
    Client: {
      APIVersion: version, Version: version, GoVersion: `node ${process.version}`, GitCommit: '', BuiltTime: 'Thu Jan  1 00:00:00 1970', Built: 0,
      OsArch: `linux/${goArchitecture(process.arch, endianness())}`, Os: 'linux',
    },
  };
}

export function run(invocation: Invocation): void {
  const report = versionReport();
  const format = invocation.options['format'];
  if (format === 'json') return printJson(report);
  if (typeof format === 'string' && format !== '') return print(renderEach(format, [report], { name: 'version', typeName: '*define.Version' }));
  const rows = [['Client', 'skiff'], ['Version', version], ['API Version', version], ['Node Version', process.version], ['OS/Arch', `linux/${goArchitecture(process.arch, endianness())}`]];
  print(rows.map(([name, value]) => `${`${name}:`.padEnd(14)}${value}\n`).join(''));
}
