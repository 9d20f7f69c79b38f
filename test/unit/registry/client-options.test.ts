import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { clientOptions } from '../../../src/registry/client-options.ts';
import type { Credential } from '../../../src/registry/index.ts';

test('CVE class L: --creds go to the registry that they are for, not to those that are asked beside it', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'creds-'));
  t.teardown(() => { rmSync(home, { recursive: true }); });
  Object.assign(process.env, { XDG_CONFIG_HOME: home, XDG_RUNTIME_DIR: home, HOME: home, DOCKER_CONFIG: home });
  const creds: Credential = { kind: 'basic', username: 'me', password: 'secret' };
  const [to, from] = [{ domain: 'to.example', path: 'a' }, { domain: 'from.example', path: 'a' }];
  const { endpoints, credential } = await clientOptions({ creds, credsFor: 'to.example' });
  for (const repository of [from, to]) endpoints(repository);
  t.deepEqual(await credential(to), creds);
  t.is(await credential(from), undefined);
});
