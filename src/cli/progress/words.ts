/** What both lines and bars say, in Docker's words. */
import type { PullEvent } from '../../image/pull/events.ts';
import { familiarString } from '../../oci/reference.ts';

export type LayerEvent = Extract<PullEvent, { kind: 'layer' }>;
export type OtherEvent = Exclude<PullEvent, LayerEvent>;

/** A layer's short name: 12 digits of its digest. */
export function shortDigest(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1).slice(0, 12);
}

export function layerWords({ state, reason }: LayerEvent): string {
  switch (state) {
    case 'queued': return 'Pulling fs layer';
    case 'waiting': return 'Waiting: another process downloads it';
    case 'downloading': return 'Downloading';
    case 'retrying': return `Retrying: ${reason ?? 'the download was cut'}`;
    case 'stalled': return `Waiting: ${reason ?? 'no data'}`;
    case 'downloaded': return 'Download complete';
    case 'extracting': return 'Extracting';
    case 'done': return 'Pull complete';
    case 'exists': return 'Already exists';
  }
}

/** The lines for whatever is no layer. */
export function otherLines(event: OtherEvent): string[] {
  switch (event.kind) {
    case 'notice': return [event.text];
    case 'pulling': return [`${event.name.tag ?? event.digest}: Pulling from ${event.name.path}`];
    case 'pulled': return [`Digest: ${event.digest}`, `Status: ${event.changed ? 'Downloaded newer image for' : 'Image is up to date for'} ${familiarString(event.name)}`];
    case 'loaded': return []; // the last step of the archive has said so
    case 'archive': {
      const { event: inner } = event;
      if (inner.kind === 'layer') return [`Copying blob ${inner.digest}${inner.exists ? ' (exists already)' : ''}`];
      return [inner.kind === 'config' ? `Copying config ${inner.id}` : 'Writing manifest to image destination'];
    }
  }
}

const order = ['queued', 'waiting', 'downloading', 'retrying', 'downloaded', 'extracting', 'exists', 'done'];

/** True where `next` tells nothing that came before `last`: an unpacking may end before its download is seen to have ended. */
export function comesAfter(next: LayerEvent['state'], last: LayerEvent['state'] | undefined): boolean {
  if (last === undefined || next === 'retrying' || last === 'retrying' || next === 'stalled' || last === 'stalled') return true;
  return order.indexOf(next) >= order.indexOf(last) || (next === 'queued' && (last === 'done' || last === 'exists'));
}
