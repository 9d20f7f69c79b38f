import test from 'ava';
import { resolveUser } from '../../../../src/container/spec/user.ts';
import { isCode } from '../../../../src/lib/errors.ts';

const files: Readonly<Record<string, string>> = {
  '/etc/passwd': [
    'root:x:0:0:root:/root:/bin/sh', 'www:x:33:34::/var/www:/bin/false', '', '# a comment:x:9:9::/:', '4294967296:x:0:0::/evil:/bin/sh', '99999999999999999999:x:0:0::/evil:/bin/sh',
    '1000abc:x:7:7::/abc:', 'huge:x:4294967296:0::/:', 'max:x:2147483647:2147483647::/max:', 'short:x:5', 'nohome:x:8:8:::', '-1:x:0:0::/evil:',
  ].join('\n'),
  '/etc/group': 'root:x:0:\nwheel:x:10:root,www\ntape:x:26:www,\nweb:x:34:\nbig:x:4294967295:www\nwheel:x:11:\n',
};
const read = (path: string): Buffer | undefined => (files[path] === undefined ? undefined : Buffer.from(files[path]));
const none = (): undefined => undefined;

test('resolveUser() of nothing is root with its groups', (t) => {
  t.deepEqual(resolveUser('', read), { uid: 0, gid: 0, additionalGids: [0, 10], home: '/root', username: 'root' });
  t.deepEqual(resolveUser('', none), { uid: 0, gid: 0, additionalGids: [0], home: '/' });
});

test('resolveUser() takes names and numbers, with all groups of the name', (t) => {
  const www = { uid: 33, gid: 34, additionalGids: [34, 10, 26], home: '/var/www', username: 'www' };
  t.deepEqual(resolveUser('www', read), www);
  t.deepEqual(resolveUser('33', read), www);
  t.deepEqual(resolveUser('www:', read), www);
  t.deepEqual(resolveUser('4000', read), { uid: 4000, gid: 0, additionalGids: [0], home: '/' });
  t.deepEqual(resolveUser('1000abc', read), { uid: 7, gid: 7, additionalGids: [7], home: '/abc', username: '1000abc' });
  t.is(resolveUser('nohome', read).home, '/');
});

test('resolveUser() with a group has that one alone', (t) => {
  t.deepEqual(resolveUser('www:tape', read), { uid: 33, gid: 26, additionalGids: [26], home: '/var/www', username: 'www' });
  t.deepEqual(resolveUser('4000:4001', none), { uid: 4000, gid: 4001, additionalGids: [4001], home: '/' });
  t.deepEqual(resolveUser(':wheel', read), { uid: 0, gid: 10, additionalGids: [10], home: '/root', username: 'root' });
});

test('resolveUser() adds groups by name and number, each once', (t) => {
  t.deepEqual(resolveUser('www', read, ['tape', '777', 'keep-groups', 'web']).additionalGids, [34, 10, 26, 777]);
  t.true(isCode(t.throws(() => resolveUser('', read, ['nobody-here'])), 'USAGE'));
});

test('resolveUser() never turns a number that does not fit into another user (CVE-2024-40635)', (t) => {
  for (const spec of ['2147483648', '4294967295', '4294967296', '99999999999999999999', '-1', '+0', '0x0', '1e3', 'huge', 'short', '1000:4294967296', '33:-1', 'www:big', 'a:b:c', ' 0', '0 ']) {
    const error = t.throws(() => resolveUser(spec, read), undefined, spec);
    t.true(isCode(error, 'USAGE'), spec);
  }
  t.is(resolveUser('2147483647', read).uid, 2_147_483_647);
  t.is(resolveUser('00033', read).uid, 33);
});

test('resolveUser() names the user that is not there', (t) => {
  const error = t.throws(() => resolveUser('nobody', none));
  t.regex(error.message, /user "nobody": no such user/);
});
