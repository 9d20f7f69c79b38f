import test from 'ava';
import { checkLevel, checkZstd, levelsOf, readPushOptions } from '../../../../src/cli/options/push.ts';
import { compressionLevels } from '../../../../src/image/archive/compress.ts';

test('the levels that the options take are those that the compressors have', (t) => {
  t.deepEqual(levelsOf, { gzip: compressionLevels.gzip.max, zstd: compressionLevels.zstd.max });
});

test('checkLevel() and checkZstd() refuse what can\'t be', (t) => {
  for (const options of [{ 'compression-level': 10 }, { 'compression-format': 'gzip', 'compression-level': 10 }, { 'compression-format': 'none', 'compression-level': 1 }]) t.throws(() => checkLevel(options, []));
  t.notThrows(() => checkLevel({ 'compression-format': 'zstd', 'compression-level': 19 }, []));
  for (const format of ['v2s2', 'docker']) t.throws(() => checkZstd({ 'compression-format': 'zstd', format }, []));
  t.notThrows(() => checkZstd({ 'compression-format': 'zstd', format: 'oci' }, []));
});

test('readPushOptions() leaves open what was not said', (t) => {
  t.deepEqual(readPushOptions({}), { compression: undefined, level: undefined, force: undefined, mediaType: undefined });
  t.deepEqual(readPushOptions({ compress: true, format: 'docker' }), { compression: 'gzip', level: undefined, force: undefined, mediaType: 'application/vnd.docker.distribution.manifest.v2+json' });
});
