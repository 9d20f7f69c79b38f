/**
 * One JSON object a line, in the shape in which Docker's API streams a pull: {"status", "id", "progressDetail": {"current", "total"}},
 * at the end of an image {"aux": {"ID", "Name", "Digest"}}, and of one that failed {"errorDetail": {"message"}, "error"}. Bytes of a layer are told four times a second at most.
 */
import type { Digest, ImageID } from '../../oci/ids.ts';
import type { NamedReference } from '../../oci/reference.ts';
import { canonicalString } from '../../oci/reference.ts';
import type { PullProgress } from './index.ts';
import { comesAfter, layerWords, otherLines, shortDigest } from './words.ts';
import type { LayerEvent } from './words.ts';

const everyMs = 250;

export function jsonProgress(write: (text: string) => void, now: () => number): PullProgress {
  const last = new Map<string, { state: LayerEvent['state']; at: number }>();
  const line = (value: object): void => write(`${JSON.stringify(value)}\n`);
  const aux = ({ id, digest }: { id: ImageID; digest: Digest }, name: NamedReference | undefined): void => line({ aux: { ID: id, ...(name !== undefined && { Name: canonicalString(name) }), Digest: digest } });
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
      if (event.kind === 'pulled') aux(event, event.name);
      // Of an archive's image, one for each of its names; one without a name has its id alone.
      if (event.kind === 'loaded') for (const name of event.names.length > 0 ? event.names : [undefined]) aux(event, name);
    },
    end: () => {},
    note: (text) => line({ status: text }),
    failed(message) {
      line({ errorDetail: { message }, error: message });
      return true;
    },
  };
}
