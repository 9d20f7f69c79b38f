import test from 'ava';
import { barProgress, picture } from '../../../../src/cli/progress/bars.ts';
import type { LayerEvent } from '../../../../src/cli/progress/words.ts';
import { digestOf } from '../../../../src/oci/ids.ts';

const layer = (name: string, state: LayerEvent['state'], doneBytes = 0, sizeBytes = 1000): LayerEvent => ({ kind: 'layer', digest: digestOf(name), state, doneBytes, sizeBytes });

test('picture() has a line a layer and the total, none wider than the window', (t) => {
  const layers = [layer('a', 'downloading', 500), layer('b', 'exists'), layer('c', 'done', 1000), layer('d', 'queued')];
  const wide = picture(layers, 2000, 24, 100);
  t.is(wide.length, 5);
  t.regex(wide[0] ?? '', /: Downloading \[=+> +\] {2}500B\/1kB$/);
  t.is(wide[4], 'Total: 1.5kB/3kB  2kB/s  2/4 layers');
  for (const columns of [1, 10, 30, 59, 60, 79]) for (const line of picture(layers, 2000, 24, columns)) t.true(line.length <= columns, `${columns}: ${line}`);
  t.regex(picture(layers, 0, 24, 50)[0] ?? '', /: Downloading 50%$/);
});

test('picture() shows no speed once all downloads are there', (t) => {
  const line = (...layers: LayerEvent[]): string => picture(layers, 2000, 24, 100).at(-1) ?? '';
  t.is(line(layer('a', 'extracting', 1000), layer('b', 'done', 1000), layer('c', 'exists')), 'Total: 2kB/2kB  2/3 layers');
  t.is(line(layer('a', 'extracting', 1000), layer('b', 'downloading', 500)), 'Total: 1.5kB/2kB  2kB/s  0/2 layers');
});

test('picture() of more layers than rows shows those under way', (t) => {
  const layers = [...Array.from({ length: 20 }, (_, at) => layer(`d${at}`, 'done', 1000)), layer('x', 'downloading', 1), ...Array.from({ length: 20 }, (_, at) => layer(`q${at}`, 'queued'))];
  const lines = picture(layers, 0, 10, 80);
  t.is(lines.length, 2);
  t.regex(lines[1] ?? '', /20\/41 layers$/);
  t.true(picture(Array.from({ length: 40 }, (_, at) => layer(`x${at}`, 'downloading', 1)), 0, 10, 80).length <= 10);
});

test('barProgress() draws in place, goes up the rows that a narrower window has wrapped, and settles before other lines', (t) => {
  let [written, columns, time] = ['', 80, 0];
  const bars = barProgress({ write: (text) => { written += text; }, size: () => ({ rows: 24, columns }), now: () => time });
  bars.onEvent(layer('a', 'downloading', 100));
  bars.draw();
  t.false(written.includes('\x1b'), 'nothing to erase at first');
  written = '';
  time = 1000;
  bars.onEvent(layer('a', 'downloading', 900));
  bars.draw();
  t.true(written.startsWith('\r\x1b[1A\x1b[J'));
  t.regex(written, /800B\/s/);
  written = '';
  columns = 40;
  bars.onEvent(layer('a', 'downloaded', 1000));
  bars.draw();
  t.true(written.startsWith('\r\x1b[2A\x1b[J'), 'the bar was 70 wide and takes two rows of 40');
  written = '';
  bars.onEvent({ kind: 'notice', text: 'next' });
  t.is(written, '\nnext\n');
  written = '';
  bars.end();
  t.is(written, '');
});
