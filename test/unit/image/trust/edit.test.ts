import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { changePolicy, setTrust } from '../../../../src/image/trust/edit.ts';
import { requireTrusted } from '../../../../src/image/trust/require.ts';
import { trustRows } from '../../../../src/image/trust/show.ts';
import { parsePolicy } from '../../../../src/image/trust/policy.ts';
import { isCode } from '../../../../src/lib/errors.ts';
import { normalize, parseReference } from '../../../../src/oci/reference.ts';

const accept = [{ type: 'insecureAcceptAnything' }];
const reject = [{ type: 'reject' }];
const change = (before: unknown, scope: string, trust: 'accept' | 'reject'): unknown => JSON.parse(changePolicy(Buffer.from(JSON.stringify(before)), '/p', scope, trust));

test('changePolicy() sets one rule and leaves the others as they are', (t) => {
  const signed = [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: '/k', signedIdentity: { type: 'matchExact' } }];
  t.deepEqual(change({ default: accept, transports: { docker: { 'a.b': signed }, dir: { '': reject } } }, 'c.d/e', 'reject'), {
    default: accept, transports: { docker: { 'a.b': signed, 'c.d/e': reject }, dir: { '': reject } },
  });
  t.deepEqual(change({ default: accept }, 'default', 'reject'), { default: reject });
  t.deepEqual(change({ default: reject }, 'a.b', 'accept'), { default: reject, transports: { docker: { 'a.b': accept } } });
});

test('changePolicy() refuses a policy that it can not read whole', (t) => {
  t.true(isCode(t.throws(() => change({ default: [] }, 'default', 'accept')), 'CONFIG_INVALID'));
});

test('setTrust() refuses scopes that match nothing', async (t) => {
  for (const scope of ['busybox', 'foo/bar', 'https://a.b/c', '*.a.b/c', '*.', '*', 'a.*.b', 'a.b/UPPER', 'a.b/c:', '', 'a.b:x', '../x']) {
    const error = await t.throwsAsync(setTrust('/nonexistent/p', scope, 'accept'), undefined, JSON.stringify(scope));
    t.true(isCode(error, 'REFERENCE_INVALID'), `${JSON.stringify(scope)} ${String(error)}`);
  }
  t.false(existsSync('/nonexistent'));
});

function policyIn(t: { teardown: (fn: () => void) => void }, policy: unknown): string {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-trust-'));
  t.teardown(() => { rmSync(dir, { recursive: true }); });
  mkdirSync(join(dir, 'p'));
  writeFileSync(join(dir, 'p', 'policy.json'), JSON.stringify(policy));
  return join(dir, 'p', 'policy.json');
}
const docker = (name: string) => ({ transport: 'docker', reference: normalize(parseReference(name)) }) as const;

test('requireTrusted() accepts, rejects in the words of the peer, and refuses what it can not verify', (t) => {
  const file = policyIn(t, {
    default: reject,
    transports: {
      docker: { 'a.b': accept, 'a.b/signed': [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: '/k' }], 'a.b/both': [...accept, ...reject], '*.wild.org': accept, 'a.b/sig': [{ type: 'sigstoreSigned', keyPath: '/k' }] },
      'docker-archive': { '': accept },
    },
  });
  t.notThrows(() => requireTrusted(docker('a.b/x'), file));
  t.notThrows(() => requireTrusted(docker('some.wild.org/x'), file));
  t.notThrows(() => requireTrusted({ transport: 'docker-archive', path: undefined }, file));
  const rejected = t.throws(() => requireTrusted(docker('busybox'), file));
  t.true(isCode(rejected, 'POLICY_REFUSED'));
  t.is(rejected?.message, 'Source image rejected: Running image docker://docker.io/library/busybox:latest is rejected by policy.');
  t.true(isCode(t.throws(() => requireTrusted({ transport: 'oci', path: '/x' }, file)), 'POLICY_REFUSED'));
  t.true(isCode(t.throws(() => requireTrusted(docker('a.b/both'), file)), 'POLICY_REFUSED'));
  for (const name of ['signed', 'sig']) {
    const error = t.throws(() => requireTrusted(docker(`a.b/${name}`), file));
    t.true(isCode(error, 'POLICY_REFUSED'));
    t.regex(String(error?.message), /signatures are not yet verified by skiff/);
  }
});

test('requireTrusted() lets nothing in where the policy is damaged', (t) => {
  const file = policyIn(t, { default: accept, surprise: 1 });
  t.true(isCode(t.throws(() => requireTrusted(docker('busybox'), file)), 'CONFIG_INVALID'));
});

test("trustRows() are Podman's: the default, docker's scopes by name, the others", (t) => {
  const file = policyIn(t, { default: reject, transports: { dir: { '': accept }, docker: { 'b.c': accept, 'a.b': [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: '/k' }] } } });
  t.deepEqual(trustRows(parsePolicy(readFileSync(file), file)), [
    { transport: 'all', name: '* (default)', repoName: 'default', type: 'reject' },
    { transport: 'repository', name: 'a.b', repoName: 'a.b', type: 'signed' },
    { transport: 'repository', name: 'b.c', repoName: 'b.c', type: 'accept' },
    { transport: 'dir', name: '', repoName: '', type: 'accept' },
  ]);
});
