import test from 'ava';
import type { BlobFetch } from '../../../../src/image/pull/fetch-blob.ts';
import { fetchBlobInto } from '../../../../src/image/pull/fetch-blob.ts';
import { digestOf } from '../../../../src/oci/ids.ts';
import { RegistryError } from '../../../../src/registry/errors.ts';
import type { RegistryClient } from '../../../../src/registry/index.ts';
import type { Download } from '../../../../src/storage/blob-area.ts';

function download(): Download & { closed: number } {
  const made = { closed: 0, haveBytes: 0, append() {}, open: () => -1, finish() {}, discard() {}, close() { made.closed++; } };
  return made;
}

test('fetchBlobInto() gives up at once where a registry asks for more patience than anybody has', async (t) => {
  let asked = 0;
  const retried: string[] = [];
  const client: Partial<RegistryClient> = {
    fetchBlob: () => {
      asked++;
      return Promise.reject(new RegistryError('no', { method: 'GET', url: new URL('https://r.example'), stage: 'answer', temporary: true, retryAfterMs: 86_400_000 }));
    },
  };
  const fetch: BlobFetch = {
    client: client as RegistryClient, repository: { domain: 'r.example', path: 'a' }, digest: digestOf('x'), sizeBytes: 1, signal: new AbortController().signal,
    onBytes() {}, onRetry: (reason) => retried.push(reason), onStall() {},
  };
  const into = download();
  await t.throwsAsync(fetchBlobInto(into, fetch), { instanceOf: RegistryError });
  t.deepEqual([asked, retried.length, into.closed], [1, 0, 1]);
});

test('fetchBlobInto() tells of a body that stands still, once for each time', async (t) => {
  const told: string[] = [];
  const body = async function* slow(): AsyncGenerator<Uint8Array> {
    for (const text of ['a', 'b', 'c']) {
      if (text !== 'b') await new Promise<void>((resolve) => { stalled = resolve; });
      told.push(text);
      yield Buffer.from(text);
    }
  };
  let stalled = (): void => {};
  const client: Partial<RegistryClient> = { fetchBlob: (repository) => Promise.resolve({ offset: 0, totalBytes: 3, body: body(), from: { repository, insecure: false, serves: 'all', mirror: false } }) };
  await fetchBlobInto(download(), {
    client: client as RegistryClient, repository: { domain: 'r.example', path: 'a' }, digest: digestOf('abc'), sizeBytes: 3, signal: new AbortController().signal,
    onBytes() {}, onRetry() {}, stallMs: 20,
    onStall(ms) {
      told.push(`stalled ${ms}`);
      stalled();
    },
  });
  t.deepEqual(told, ['stalled 20', 'a', 'b', 'stalled 20', 'c']);
});
