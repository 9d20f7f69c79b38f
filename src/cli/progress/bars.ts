/**
 * Bars for a terminal: a line a layer and one for the total, drawn again in place. Lines are cut to the window, never wrapped; where
 * there are more layers than rows, those that are done or only wait are counted in the last line. No colours.
 */
import type { OnPullEvent } from '../../image/pull/events.ts';
import { humanSize } from '../../lib/units.ts';
import { comesAfter, layerWords, otherLines, shortDigest } from './words.ts';
import type { LayerEvent } from './words.ts';

export interface Screen {
  readonly write: (text: string) => void;
  /** Asked at each drawing: the window may change. */
  readonly size: () => { rows: number; columns: number };
  /** Milliseconds. */
  readonly now: () => number;
}

/** The speed is that of the last few seconds. */
const speedWindowMs = 3000;
const minBarColumns = 60;

export function barProgress({ write, size, now }: Screen): { onEvent: OnPullEvent; draw(): void; end(): void } {
  const layers = new Map<string, LayerEvent>();
  const samples: { at: number; bytes: number }[] = [];
  let drawn: string[] = [];
  let isStale = false;

  const erase = (): void => {
    if (drawn.length === 0) return;
    const { columns } = size();
    // A window that became narrower has wrapped what was drawn.
    const rows = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);
    write(`\r${rows > 1 ? `\x1b[${rows - 1}A` : ''}\x1b[J`);
    drawn = [];
  };
  const draw = (): void => {
    if (!isStale) return;
    isStale = false;
    const { rows, columns } = size();
    const lines = picture([...layers.values()], speed(samples, layers, now()), rows - 1, columns - 1);
    erase();
    write(lines.join('\n'));
    drawn = lines;
  };
  const settle = (): void => {
    draw();
    if (drawn.length > 0) write('\n');
    drawn = [];
    layers.clear();
    samples.length = 0;
  };
  return {
    draw: () => {
      if (layers.size > 0 && [...layers.values()].some(({ state }) => state === 'downloading')) isStale = true;
      draw();
    },
    onEvent(event) {
      if (event.kind === 'layer') {
        const before = layers.get(event.digest);
        if (!comesAfter(event.state, before?.state)) return;
        layers.set(event.digest, event);
        isStale = true;
        return;
      }
      settle();
      for (const line of otherLines(event)) write(`${line}\n`);
    },
    end: settle,
  };
}

/** Bytes a second, by what came in the last seconds. Forgets older samples. */
function speed(samples: { at: number; bytes: number }[], layers: ReadonlyMap<string, LayerEvent>, at: number): number {
  let bytes = 0;
  for (const layer of layers.values()) if (layer.state !== 'exists') bytes += isWhole(layer) ? layer.sizeBytes : layer.doneBytes;
  samples.push({ at, bytes });
  while (samples.length > 2 && (samples[1]?.at ?? at) < at - speedWindowMs) samples.shift();
  const [first] = samples;
  return first === undefined || at === first.at ? 0 : Math.max(0, ((bytes - first.bytes) * 1000) / (at - first.at));
}

function isWhole({ state }: LayerEvent): boolean {
  return state === 'downloaded' || state === 'extracting' || state === 'done';
}

/** The lines to draw, at most `rows`, each at most `columns` long. */
export function picture(layers: readonly LayerEvent[], bytesPerSecond: number, rows: number, columns: number): string[] {
  const shown = layers.length + 1 <= rows ? layers : layers.filter(({ state }) => state !== 'done' && state !== 'exists' && state !== 'queued').slice(0, Math.max(0, rows - 1));
  // Where all was there, there is no total to come.
  const total = layers.every(({ state }) => state === 'exists') ? [] : [totalLine(layers, bytesPerSecond)];
  return [...shown.map((layer) => layerLine(layer, columns)), ...total].map((line) => line.slice(0, Math.max(1, columns)));
}

function layerLine(layer: LayerEvent, columns: number): string {
  const head = `${shortDigest(layer.digest)}: ${layerWords(layer)}`;
  if (layer.state !== 'downloading') return head;
  const share = layer.sizeBytes === 0 ? 1 : layer.doneBytes / layer.sizeBytes;
  const sizes = `${humanSize(layer.doneBytes)}/${humanSize(layer.sizeBytes)}`;
  if (columns < minBarColumns) return `${head} ${Math.floor(share * 100)}%`;
  const width = Math.min(50, columns - head.length - sizes.length - 5);
  if (width < 8) return `${head} ${sizes}`;
  const filled = Math.floor(share * width);
  const bar = filled >= width ? '='.repeat(width) : `${'='.repeat(filled)}>`.padEnd(width);
  return `${head} [${bar}]  ${sizes}`;
}

function totalLine(layers: readonly LayerEvent[], bytesPerSecond: number): string {
  const wanted = layers.filter(({ state }) => state !== 'exists');
  const done = wanted.reduce((sum, layer) => sum + (isWhole(layer) ? layer.sizeBytes : layer.doneBytes), 0);
  const total = wanted.reduce((sum, layer) => sum + layer.sizeBytes, 0);
  const finished = layers.filter(({ state }) => state === 'done' || state === 'exists').length;
  // Once all is there, the speed would only fall while layers are extracted.
  const speedNow = wanted.every(isWhole) ? '' : `  ${humanSize(Math.round(bytesPerSecond))}/s`;
  return `Total: ${humanSize(done)}/${humanSize(total)}${speedNow}  ${finished}/${layers.length} layers`;
}
