import { config } from '../../../host/config/index.ts';
import { becomeInside } from '../../../host/become.ts';
import type { Invocation } from '../../spec.ts';

export function run(invocation: Invocation): never {
  const shell = process.env['SHELL'];
  const argv = invocation.args.length > 0 ? invocation.args : [shell === undefined || shell === '' ? '/bin/sh' : shell];
  const { root, runtimeDir } = config();
  return becomeInside(argv, { CONTAINERS_GRAPHROOT: root, CONTAINERS_RUNROOT: runtimeDir });
}
