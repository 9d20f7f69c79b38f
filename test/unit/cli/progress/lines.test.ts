import test from 'ava';
import { jsonProgress } from '../../../../src/cli/progress/json.ts';
import { plainProgress } from '../../../../src/cli/progress/plain.ts';
import type { LayerEvent } from '../../../../src/cli/progress/words.ts';
import { digestOf, parseImageID } from '../../../../src/oci/ids.ts';

const digest = digestOf('a');
const short = digest.slice(7, 19);
const layer = (state: LayerEvent['state'], doneBytes = 0): LayerEvent => ({ kind: 'layer', digest, state, doneBytes, sizeBytes: 1000 });
const name = { domain: 'docker.io', path: 'library/nginx', tag: 'latest' };
const story = [
  { kind: 'pulling', name, digest } as const, layer('queued'), layer('downloading', 1), layer('downloading', 900), { ...layer('retrying'), reason: 'cut' }, layer('downloading', 950), { ...layer('stalled'), reason: 'no data for 5 s' }, layer('downloading', 970), layer('extracting', 1000),
  layer('done', 1000), layer('downloaded', 1000), { kind: 'pulled', name, digest, id: parseImageID(digest), changed: true } as const,
];

test('plainProgress() prints Docker\'s lines, each once, and no bytes', (t) => {
  let text = '';
  const { onEvent } = plainProgress((more) => { text += more; });
  for (const event of story) onEvent(event);
  t.deepEqual(text.trimEnd().split('\n'), [
    'latest: Pulling from library/nginx', `${short}: Pulling fs layer`, `${short}: Retrying: cut`, `${short}: Waiting: no data for 5 s`, `${short}: Download complete`, `${short}: Pull complete`, `Digest: ${digest}`, 'Status: Downloaded newer image for nginx:latest',
  ]);
});

test('jsonProgress() is an object a line, bytes four times a second at most', (t) => {
  const lines: string[] = [];
  let time = 0;
  const { onEvent } = jsonProgress((line) => { lines.push(line); }, () => time);
  onEvent({ kind: 'pulling', name, digest });
  onEvent(layer('queued'));
  for (time = 0; time < 1000; time += 10) onEvent(layer('downloading', time));
  const bytes = lines.map((line) => JSON.parse(line) as { id?: string; progressDetail?: { current?: number; total?: number } }).filter(({ progressDetail }) => progressDetail?.total === 1000);
  t.is(bytes.length, 4);
  t.true(bytes.every(({ id }) => id === short));
});
