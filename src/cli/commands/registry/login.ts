import { SkiffError } from '../../../lib/errors.ts';
import { exclusive, isGiven } from '../../options/checks.ts';
import { authfileOption, certDirOption, compatAuthFileOption, tlsVerifyOption } from '../../options/registry.ts';
import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['login'],
  summary: 'Log in to a registry',
  description: [
    'Asks for what is not given, proves it at the registry, and stores it in $XDG_RUNTIME_DIR/containers/auth.json (which does not outlive a boot), in --authfile, or with the credential helper that this very file (credHelpers, credsStore) or registries.conf (credential-helpers) names for the registry. A helper that another of the auth files names is only asked.',
    'REGISTRY may go on with a namespace or repository, for a credential of its own: the most specific one is used. Without REGISTRY, the first of unqualified-search-registries in registries.conf.',
  ],
  args: [{ name: 'REGISTRY' }],
  options: [
    authfileOption,
    certDirOption,
    compatAuthFileOption,
    { name: 'get-login', kind: 'bool', help: 'Print the user who is logged in, and do nothing else' },
    { name: 'password', short: 'p', kind: 'string', value: 'PASSWORD', help: 'Password; other users of the machine can see it while the command runs' },
    { name: 'password-stdin', kind: 'bool', help: 'Read the password from standard input' },
    tlsVerifyOption,
    { name: 'username', short: 'u', kind: 'string', value: 'USER', help: 'User name' },
    { name: 'verbose', short: 'v', kind: 'bool', help: 'Say where the credential is stored' },
  ],
  checks: [
    exclusive('authfile', 'compat-auth-file'),
    (options) => {
      if (options['password-stdin'] !== true) return;
      if (isGiven(options, 'password')) throw new SkiffError('USAGE', "Can't specify both --password-stdin and --password");
      if (!isGiven(options, 'username')) throw new SkiffError('USAGE', 'Must provide --username with --password-stdin');
    },
  ],
  examples: [
    { text: 'From a script', command: 'printf %s "$TOKEN" | skiff login -u me --password-stdin quay.io' },
    { text: 'Who is logged in', command: 'skiff login --get-login quay.io' },
    { text: 'For one namespace, to stay', command: 'skiff login --authfile ~/.config/containers/auth.json quay.io/team' },
  ],
  needs: { userns: 'none', network: true },
  run: () => import('./login.run.ts'),
};
