import test from 'ava';
import { isCode } from '../../../../src/lib/errors.ts';
import { parsePolicy, requirementsFor } from '../../../../src/image/trust/policy.ts';

const accept = [{ type: 'insecureAcceptAnything' }] as const;
const reject = [{ type: 'reject' }] as const;
const read = (value: unknown) => parsePolicy(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), '/p');

test('parsePolicy() reads the example of the man page', (t) => {
  const policy = read({
    default: reject,
    transports: {
      docker: {
        'docker.io/openshift': accept, 'docker.io/library/busybox': accept, '*.temporary-project.example.com': accept,
        'hostname:5000/myns/sigstore-signed': [{ type: 'sigstoreSigned', keyPath: '/path/to/sigstore-pubkey.pub', signedIdentity: { type: 'matchRepository' } }],
      },
      dir: { '': accept },
      atomic: { 'hostname:5000/myns/official': [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: '/path/to/official-pubkey.gpg' }] },
    },
  });
  t.deepEqual(policy.default, [...reject]);
  t.deepEqual(policy.transports.get('docker')?.get('hostname:5000/myns/sigstore-signed'), [
    { type: 'sigstoreSigned', fields: { keyPath: '/path/to/sigstore-pubkey.pub', signedIdentity: { type: 'matchRepository' } } },
  ]);
  t.is(policy.transports.get('atomic')?.get('hostname:5000/myns/official')?.[0]?.type, 'signedBy');
});

const invalid: Readonly<Record<string, readonly [value: unknown, cause: RegExp]>> = {
  'no JSON': ['{', /JSON/],
  'comments': ['{"default": [{"type":"reject"}] /* no */}', /JSON/],
  'a list': ['[]', /must be an object/],
  'no default': [{ transports: {} }, /default policy is missing/],
  'an empty default': [{ default: [] }, /must not be empty/],
  'an empty list of a scope': [{ default: accept, transports: { docker: { 'a.b': [] } } }, /docker:a\.b.*must not be empty/],
  'a requirement that is no object': [{ default: ['reject'] }, /must be an object/],
  'no type': [{ default: [{}] }, /unknown policy requirement type undefined/],
  'an unknown type': [{ default: [{ type: 'accept' }] }, /unknown policy requirement type "accept"/],
  "a type that is a member of every object": [{ default: [{ type: 'constructor' }] }, /unknown policy requirement type/],
  'an unknown key': [{ default: accept, transport: {} }, /unknown key "transport"/],
  'a key in another case': [{ Default: accept, default: accept }, /unknown key "Default"/],
  'an unknown key of a requirement': [{ default: [{ type: 'reject', reason: 'x' }] }, /unknown key "reason"/],
  'an unknown key of signedBy': [{ default: [{ type: 'signedBy', keypath: '/x' }] }, /unknown key "keypath"/],
  'a key twice at the top': ['{"default": [{"type":"reject"}], "default": [{"type":"insecureAcceptAnything"}]}', /"default" stands twice/],
  'a scope twice': ['{"default": [{"type":"reject"}], "transports": {"docker": {"a.b": [{"type":"reject"}], "a.b": [{"type":"insecureAcceptAnything"}]}}}', /"a\.b" stands twice/],
  'a key twice, once escaped': ['{"default": [{"type":"reject", "t\\u0079pe":"insecureAcceptAnything"}]}', /"type" stands twice/],
  'transports as a list': [{ default: accept, transports: [] }, /must be an object/],
  'a scope of docker-archive': [{ default: accept, transports: { 'docker-archive': { '/x': accept } } }, /no scopes/],
  'the scope / of dir': [{ default: accept, transports: { dir: { '/': accept } } }, /forbidden/],
  'a relative scope of oci': [{ default: accept, transports: { oci: { 'x/y': accept } } }, /no clean absolute path/],
  'a scope of dir with ..': [{ default: accept, transports: { dir: { '/x/../y': accept } } }, /no clean absolute path/],
};
for (const [name, [value, cause]] of Object.entries(invalid)) {
  test(`parsePolicy() refuses ${name}`, (t) => {
    const error = t.throws(() => read(value));
    t.true(isCode(error, 'CONFIG_INVALID'), String(error));
    t.regex(String(error?.message), cause);
    t.regex(String(error?.message), /"\/p"/);
  });
}

test('parsePolicy() takes the same key in two objects', (t) => {
  t.notThrows(() => read({ default: [...accept, ...accept], transports: { docker: { '': accept, a: accept }, dir: { '': accept, '/a/b': accept }, oci: { '/a/b:tag': accept } } }));
});

test('requirementsFor() takes the most specific scope, then the transport, then the default', (t) => {
  const policy = read({ default: reject, transports: { docker: { 'a.b/c': accept, '': [...accept, ...reject] }, dir: {} } });
  t.deepEqual(requirementsFor(policy, 'docker', ['a.b/c/d:1', 'a.b/c/d', 'a.b/c', 'a.b']), { requirements: [...accept], scope: 'docker:a.b/c' });
  t.deepEqual(requirementsFor(policy, 'docker', ['x.y/z:1']), { requirements: [...accept, ...reject], scope: 'docker:' });
  t.deepEqual(requirementsFor(policy, 'dir', ['/a']), { requirements: [...reject], scope: 'default' });
  t.deepEqual(requirementsFor(policy, 'oci', []), { requirements: [...reject], scope: 'default' });
});
