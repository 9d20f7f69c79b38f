/**
 * The file mode creation mask. The launcher sets it to 022, as Podman does at its start: what is made in the store becomes a container's own
 * ("/", /etc/hosts, the folder of a volume), and its users must be able to read that whatever the mask of the shell is. What is made
 * for the user himself, outside the store, follows his.
 */
import { session } from './session.ts';

/** Runs `make` with the mask that skiff was started with. Not across an await: the mask belongs to the whole process. */
export function withUserUmask<T>(make: () => T): T {
  const { umask } = session();
  if (umask === undefined) return make();
  const before = process.umask(umask);
  try {
    return make();
  } finally {
    process.umask(before);
  }
}
