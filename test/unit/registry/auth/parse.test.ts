import test from 'ava';
import { isCode } from '../../../../src/lib/errors.ts';
import { encodeAuth, parseAuthDocument, parseAuthObject } from '../../../../src/registry/auth/parse.ts';

const read = (value: unknown, legacy = false) => parseAuthDocument(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), '/f', legacy);
const auth = (text: string) => Buffer.from(text).toString('base64');

test('parseAuthDocument() reads entries of Podman and of Docker', (t) => {
  const document = read({
    auths: {
      'quay.io': { auth: auth('me:secret') },
      'quay.io/team': { auth: auth('robot:a:b:c') },
      'https://index.docker.io/v1/': { auth: auth('hub:pw'), email: 'x@y' },
      'token.example': { auth: auth('u:p'), identitytoken: 'refresh' },
      'plain.example': { username: 'u', password: 'p' },
      'helper.example': {},
      'old.example': { auth: auth('u:p\0\0\0') },
      'nopassword.example': { auth: auth('u:') },
    },
    credHelpers: { 'gcr.io': 'gcloud' }, credsStore: 'desktop', HttpHeaders: { 'User-Agent': 'x' },
  });
  t.deepEqual(document.auths.get('quay.io'), { kind: 'basic', username: 'me', password: 'secret' });
  t.deepEqual(document.auths.get('quay.io/team'), { kind: 'basic', username: 'robot', password: 'a:b:c' });
  t.deepEqual(document.auths.get('https://index.docker.io/v1/'), { kind: 'basic', username: 'hub', password: 'pw' });
  t.deepEqual(document.auths.get('token.example'), { kind: 'identity', token: 'refresh' });
  t.deepEqual(document.auths.get('plain.example'), { kind: 'basic', username: 'u', password: 'p' });
  t.is(document.auths.get('helper.example'), undefined);
  t.deepEqual(document.auths.get('old.example'), { kind: 'basic', username: 'u', password: 'p' });
  t.deepEqual(document.auths.get('nopassword.example'), { kind: 'basic', username: 'u', password: '' });
  t.deepEqual([...document.credHelpers], [['gcr.io', 'gcloud']]);
  t.is(document.credsStore, 'desktop');
});

test('parseAuthDocument() of a .dockercfg takes the document for the entries', (t) => {
  t.deepEqual(read({ 'https://index.docker.io/v1/': { auth: auth('u:p'), email: '' } }, true).auths.get('https://index.docker.io/v1/'), { kind: 'basic', username: 'u', password: 'p' });
});

test('parseAuthDocument() takes empty files and empty documents for no credentials', (t) => {
  for (const text of ['', ' \n', '{}', '{"auths": null}', '{"auths": {}, "credsStore": ""}']) t.is(read(text).auths.size, 0, JSON.stringify(text));
});

test('encodeAuth() is what parseAuthDocument() reads', (t) => {
  t.deepEqual(read({ auths: { x: { auth: encodeAuth('ü', 'pä:ß') } } }).auths.get('x'), { kind: 'basic', username: 'ü', password: 'pä:ß' });
});

const secret = 'hunter2';
const damaged: Readonly<Record<string, string>> = {
  'cut JSON': `{"auths": {"a.b": {"auth": "${secret}`,
  'a bare word': secret,
  'an array': `["${secret}"]`,
  'auths as a string': `{"auths": "${secret}"}`,
  'an entry as a string': `{"auths": {"a.b": "${secret}"}}`,
  'auth as a number': '{"auths": {"a.b": {"auth": 3}}}',
  'auth that is no base64': `{"auths": {"a.b": {"auth": "${secret}!"}}}`,
  'auth without a colon': `{"auths": {"a.b": {"auth": "${auth(secret)}"}}}`,
  'a helper that is no string': '{"credHelpers": {"a.b": {}}}',
  'a store that is no string': '{"credsStore": 1}',
  'a depth that is an attack': `{"auths": ${'['.repeat(100_000)}${secret}`,
};
for (const [name, text] of Object.entries(damaged)) {
  test(`parseAuthDocument() refuses ${name} and repeats nothing of it`, (t) => {
    const error = t.throws(() => read(text));
    t.true(isCode(error, 'CONFIG_INVALID'), String(error));
    t.regex(String(error?.message), /\/f/);
    for (let at: unknown = error; at instanceof Error; at = at.cause) {
      t.notRegex(`${at.message} ${at.stack ?? ''}`, new RegExp(`${secret}|${auth(secret)}`));
    }
  });
}

test('parseAuthObject() refuses a file that is too large before it is parsed', (t) => {
  t.true(isCode(t.throws(() => parseAuthObject(Buffer.alloc(5 * 1024 * 1024, 0x61), '/f')), 'CONFIG_INVALID'));
});

test('parseAuthDocument() has no entry that nobody wrote', (t) => {
  t.is(read({ auths: {} }).auths.get('constructor'), undefined);
  t.deepEqual([...read('{"auths": {"__proto__": {"auth": ""}}}').auths.keys()], ['__proto__']);
});
