import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { auditStore } from '../helpers/audit.ts';

test('auditStore() tells of a container that only the runtime still knows', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-audit-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const world = { root: join(dir, 'root'), runtime: join(dir, 'run') };
  const [known, lost] = ['a'.repeat(64), 'b'.repeat(64)];
  for (const id of [known, lost]) mkdirSync(join(world.runtime, 'skiff/oci-crun', id), { recursive: true });
  mkdirSync(join(world.root, 'containers', known), { recursive: true });
  writeFileSync(join(world.root, 'containers', known, 'config.v2.json'), '{}');
  t.deepEqual(auditStore(world), [`oci-crun still knows ${lost}`]);
});
