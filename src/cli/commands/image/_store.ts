/** What every image verb starts from. */
import { config } from '../../../host/config/index.ts';
import { writeStderr } from '../../../lib/log.ts';
import type { ImageEvent } from '../../../image/index.ts';
import type { Store } from '../../../storage/index.ts';
import { openStore } from '../../../storage/store.ts';
import { warn } from '../../output.ts';

export { printable } from '../../printable.ts';

export function imageStore(): Store {
  return openStore(config().root);
}

/** A line a step on stderr, in Podman's words; silent with --quiet. */
export function progress(quiet: boolean): (event: ImageEvent) => void {
  if (quiet) return () => {};
  return (event) => {
    if (event.kind === 'layer') writeStderr(`Copying blob ${event.digest}${event.exists ? ' (exists already)' : ''}\n`);
    else if (event.kind === 'config') writeStderr(`Copying config ${event.id}\n`);
    else writeStderr('Writing manifest to image destination\n');
  };
}

/** What unpacking could not give: device nodes and the like. */
export function warnNotes(notes: readonly string[]): void {
  for (const note of notes) warn(note);
}
