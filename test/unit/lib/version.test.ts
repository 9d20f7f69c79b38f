import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { version } from '../../../src/lib/version.ts';
import { projectRoot } from '../../helpers/world.ts';

test('version is that of package.json', (t) => {
  const manifest = JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8')) as { version: string };
  t.is(version, manifest.version);
});
