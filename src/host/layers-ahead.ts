/** A child of the launcher's that makes a container's layers while Node starts. @see helpers/launcher/ahead.c */
import { session } from './session.ts';
import { sys } from './sys.ts';

/** Waits for the end of that child, once in a process; true where it made all of it. */
export function awaitLayersAhead(): boolean {
  const { layersAhead } = session();
  if (layersAhead === undefined) return false;
  delete session().layersAhead;
  return sys().waitpid(layersAhead.pid, false)?.exitCode === 0;
}
