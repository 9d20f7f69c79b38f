/** changeImages(): who may do what while an image goes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { tryAcquire } from '../../../src/host/locks.ts';
import { changeImages, lockImages } from '../../../src/image/lock.ts';
import { openStore } from '../../../src/storage/store.ts';

test('changeImages() gives the images free before `after`, and the store only behind it', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'skiff-lock-'));
  t.teardown(() => { rmSync(root, { recursive: true, force: true }); });
  const store = openStore(root);
  lockImages(store, 'shared').release();
  const isHeld = (path: string): boolean => {
    const lock = tryAcquire(path, 'exclusive');
    lock?.release();
    return lock === undefined;
  };
  const held = (): boolean[] => [store.layout.imagesLock, store.layout.lock].map(isHeld);
  const seen: boolean[][] = [];
  const result = await changeImages(store, () => { seen.push(held()); return 'done'; }, (of) => { t.is(of, 'done'); seen.push(held()); });
  t.is(result, 'done');
  seen.push(held());
  t.deepEqual(seen, [[true, true], [false, true], [false, false]]);
});
