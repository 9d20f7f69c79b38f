import test from 'ava';
import type { ListMember, ManifestList } from '../../../../src/image/lists/model.ts';
import { changedMember, parseList, serializeList, withChangedMember, withMembers, withoutMember } from '../../../../src/image/lists/model.ts';
import { isCode } from '../../../../src/lib/errors.ts';
import { parseDigest, parseImageID } from '../../../../src/oci/ids.ts';

const digest = (digit: string): ListMember['digest'] => parseDigest(`sha256:${digit.repeat(64)}`);
const member = (digit: string, more: Partial<ListMember> = {}): ListMember => ({
  mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: digest(digit), size: 100, platform: { architecture: 'amd64', os: 'linux' },
  source: { kind: 'image', id: parseImageID(`sha256:${digit.repeat(64)}`) }, ...more,
});
const empty: ManifestList = { id: 'f'.repeat(64), names: ['localhost/l:1'], created: '2026-01-02T03:04:05Z', annotations: {}, members: [] };

test('withMembers() adds in order; the same digest takes the place of the one before', (t) => {
  const list = withMembers(withMembers(empty, [member('1'), member('2')]), [member('3'), member('1', { size: 7 })]);
  t.deepEqual(list.members.map(({ digest: one, size }) => [one.slice(7, 8), size]), [['1', 7], ['2', 100], ['3', 100]]);
  t.deepEqual(empty.members, []);
});

test('withoutMember() and withChangedMember() refuse a digest that is not in the list', (t) => {
  const list = withMembers(empty, [member('1'), member('2')]);
  t.deepEqual(withoutMember(list, digest('1')).members.map((one) => one.digest), [digest('2')]);
  for (const change of [() => withoutMember(list, digest('9')), () => withChangedMember(list, digest('9'), {})]) t.true(isCode(t.throws(change), 'MANIFEST_UNKNOWN'));
  t.deepEqual(withChangedMember(list, digest('2'), { architecture: 'arm64' }).members.map(({ platform }) => platform?.architecture), ['amd64', 'arm64']);
});

test('changedMember() replaces what is said and keeps the rest; annotations are added', (t) => {
  const before = member('1', { platform: { architecture: 'arm', os: 'linux', variant: 'v6' }, annotations: { a: '1', b: '2' } });
  const after = changedMember(before, { variant: 'v7', osVersion: '10.0', osFeatures: ['win32k'], features: ['sse4'], annotations: { b: '3', c: '4' } });
  t.deepEqual(after.platform, { architecture: 'arm', os: 'linux', 'os.version': '10.0', 'os.features': ['win32k'], variant: 'v7', features: ['sse4'] });
  t.deepEqual(after.annotations, { a: '1', b: '3', c: '4' });
  t.deepEqual(changedMember(before, {}), before);
  t.is(changedMember(member('1', { platform: undefined }), {}).platform, undefined, 'nothing said, nothing invented');
});

test('parseList() reads what serializeList() wrote, whatever the source of a member', (t) => {
  const list = withMembers({ ...empty, annotations: { x: 'y' } }, [
    member('1'), member('2', { source: { kind: 'registry', domain: 'r.io:5', path: 'a/b' }, annotations: { k: 'v' }, artifactType: 'a/b' }),
    member('3', { source: { kind: 'layout', path: '/srv/x' }, platform: { architecture: 'arm', os: 'linux', variant: 'v7', 'os.features': ['f'] } }),
  ]);
  t.deepEqual(JSON.parse(JSON.stringify(parseList(Buffer.from(serializeList(list)), 'list'))), JSON.parse(JSON.stringify(list)));
});

test('parseList() refuses damage', (t) => {
  for (const text of ['', '{', '[]', '{"version":2}', '{"version":1,"id":"x"}', serializeList(empty).replace('"members": []', '"members": [{"digest":"sha256:../../x"}]'), serializeList(withMembers(empty, [member('1')])).replace('"kind": "image"', '"kind": "moon"')]) {
    t.true(isCode(t.throws(() => parseList(Buffer.from(text), 'list')), 'STORE_CORRUPT', 'DIGEST_INVALID'), text);
  }
});
