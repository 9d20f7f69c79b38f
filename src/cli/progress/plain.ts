/** A line for each step, and none for bytes: for logs, pipes and dumb terminals. */
import type { OnPullEvent } from '../../image/pull/events.ts';
import { comesAfter, layerWords, otherLines, shortDigest } from './words.ts';
import type { LayerEvent } from './words.ts';

export function plainProgress(write: (text: string) => void): { onEvent: OnPullEvent; end(): void } {
  const shown = new Map<string, LayerEvent['state']>();
  return {
    onEvent(event) {
      if (event.kind === 'pulling') shown.clear();
      if (event.kind !== 'layer') {
        for (const line of otherLines(event)) write(`${line}\n`);
        return;
      }
      const last = shown.get(event.digest);
      if ((last === event.state && event.state !== 'retrying') || !comesAfter(event.state, last)) return;
      shown.set(event.digest, event.state);
      // Nothing to see but that bytes come: the lines before and after say so. Where unpacking follows the download, both were under way.
      if (event.state === 'downloading') return;
      const said = event.state === 'extracting' ? (last === 'downloaded' ? undefined : 'Download complete') : layerWords(event);
      if (said !== undefined) write(`${shortDigest(event.digest)}: ${said}\n`);
    },
    end: () => {},
  };
}
