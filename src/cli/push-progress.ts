/** What a push prints while it goes on, on stderr: a line a layer, as Docker words it. */
import type { Destination } from '../image/push/push-to.ts';
import type { LayerOutcome, PushListener } from '../image/push/target.ts';
import { writeStderr } from '../lib/log.ts';
import { hexOf, parseDigest } from '../oci/ids.ts';
import { canonicalName } from '../oci/reference.ts';

export interface PushProgress extends PushListener {
  /** Takes away what is no line: call it before an error is printed. Idempotent. */
  end(): void;
}

export function pushProgress(quiet: boolean, destination: Destination): PushProgress {
  if (quiet) return { end: () => {} };
  const isRegistry = destination.transport === 'docker';
  if (isRegistry) line(`The push refers to repository [${canonicalName(destination.name)}]`);
  return {
    member: (digest, at, of) => line(`Image ${at} of ${of}: ${digest}`),
    layer: (layer, outcome) => line(`${short(layer)}: ${outcomeText(outcome, isRegistry)}`),
    manifest: (digest, sizeBytes) => line(`${isRegistry ? `${destination.name.tag ?? 'latest'}: ` : ''}digest: ${digest} size: ${sizeBytes}`),
    end: () => {},
  };
}

function outcomeText(outcome: LayerOutcome, isRegistry: boolean): string {
  switch (outcome.kind) {
    case 'exists': return isRegistry ? 'Layer already exists' : 'Written already';
    case 'mounted': return `Mounted from ${outcome.from.path}`;
    case 'sent': return isRegistry ? 'Pushed' : 'Written';
  }
}

function short(layer: string): string {
  return hexOf(parseDigest(layer)).slice(0, 12);
}

function line(text: string): void {
  writeStderr(`${text}\n`);
}
