/**
 * One JSON object a line, in the shape in which Docker's API streams a pull: {"status", "id", "progressDetail": {"current", "total"}},
 * at the end of an image {"aux": {"ID", "Name", "Digest"}}, and of one that failed {"errorDetail": {"message"}, "error"}. Bytes of a layer are told four times a second at most.
 */
import { canonicalString } from '../../oci/reference.ts';
import type { PullProgress } from './index.ts';
import { comesAfter, layerWords, otherLines, shortDigest } from './words.ts';
import type { LayerEvent } from './words.ts';

const everyMs = 250;

export function jsonProgress(write: (text: string) => void, now: () => number): PullProgress {
  const last = new Map<string, { state: LayerEvent['state']; at: number }>();
  const line = (value: object): void => write(`${JSON.stringify(value)}\n`);
  return {
    onEvent(event) {
      if (event.kind === 'pulling') last.clear();
      if (event.kind === 'layer') {
        const before = last.get(event.digest);
        if (!comesAfter(event.state, before?.state)) return;
        if (before?.state === event.state && event.state !== 'retrying' && now() - before.at < everyMs) return;
        last.set(event.digest, { state: event.state, at: now() });
        line({ status: layerWords(event), progressDetail: event.state === 'downloading' ? { current: event.doneBytes, total: event.sizeBytes } : {}, id: shortDigest(event.digest) });
        return;
      }
      for (const status of otherLines(event)) line({ status });
      if (event.kind === 'pulled') line({ aux: { ID: event.id, Name: canonicalString(event.name), Digest: event.digest } });
    },
    end: () => {},
    note: (text) => line({ status: text }),
    failed(message) {
      line({ errorDetail: { message }, error: message });
      return true;
    },
  };
}
