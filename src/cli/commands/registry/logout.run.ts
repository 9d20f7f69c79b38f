import { SkiffError } from '../../../lib/errors.ts';
import { loginKey, loginPlaces } from '../../../registry/auth/login.ts';
import { removeAllCredentials, removeCredential } from '../../../registry/auth/store.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';

export async function run({ args, options }: Invocation): Promise<void> {
  const places = await loginPlaces({ authfile: options['authfile'] as string | undefined, compatAuthfile: options['compat-auth-file'] as string | undefined });
  if (options['all'] === true) {
    await removeAllCredentials(places.store);
    printLine('Removed login credentials for all registries');
    return;
  }
  const { key, repository } = loginKey(places.conf, args[0]);
  if (await removeCredential(places.store, key)) {
    printLine(`Removed login credentials for ${key}`);
    return;
  }
  const elsewhere = await places.find(repository);
  if (elsewhere === undefined) throw new SkiffError('REGISTRY_UNAUTHORIZED', `not logged into ${key}`);
  // Only the primary file is ours to change.
  if (!/\/(?:config\.json|\.dockercfg)$/.test(elsewhere.source)) {
    throw new SkiffError('REGISTRY_UNAUTHORIZED', `not logged into ${key} in ${places.store.path}`, { hint: `a credential for it stands in ${elsewhere.source}` });
  }
  printLine(`Not logged into ${key} with current tool. Existing credentials were established via docker login. Please use docker logout instead.`);
}
