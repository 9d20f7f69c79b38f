import { SkiffError } from '../../../lib/errors.ts';
import { exclusive } from '../../options/checks.ts';
import { authfileOption, compatAuthFileOption } from '../../options/registry.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['logout'],
  summary: 'Forget the credential for a registry',
  description: ['Without REGISTRY, the first of unqualified-search-registries in registries.conf.'],
  args: [{ name: 'REGISTRY' }],
  options: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Forget the credentials for all registries' },
    authfileOption,
    compatAuthFileOption,
  ],
  checks: [
    exclusive('authfile', 'compat-auth-file'),
    (options, args) => {
      if (options['all'] === true && args.length > 0) throw new SkiffError('USAGE', '--all takes no arguments');
    },
  ],
  examples: [{ text: 'Everywhere', command: 'skiff logout --all' }],
  needs: { userns: 'none' },
  run: () => import('./logout.run.ts'),
};
