import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { policyFile, requireTrusted, userPolicyFile } from '../../../../src/image/trust/require.ts';
import { isCode } from '../../../../src/lib/errors.ts';

test('a policy that is a link to nowhere is no missing policy: nothing comes in', (t) => {
  const home = mkdtempSync(join(tmpdir(), 'trust-'));
  t.teardown(() => { rmSync(home, { recursive: true }); });
  process.env['XDG_CONFIG_HOME'] = home; // before the first look at the configuration
  mkdirSync(join(home, 'containers'));
  symlinkSync('/nowhere/policy.json', join(home, 'containers', 'policy.json'));
  t.is(policyFile(), userPolicyFile());
  t.true(isCode(t.throws(() => requireTrusted({ transport: 'docker-archive', path: undefined })), 'NOT_FOUND'));
});
