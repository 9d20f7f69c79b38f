/** Fresh identifiers. */
import type { ContainerID } from '../oci/ids.ts';
import { randomHex } from '../host/random.ts';

/** 64 hex digits. Never all digits in the first twelve: what `ps` shows must not be taken for a number. */
export function newContainerID(): ContainerID {
  for (;;) {
    const id = randomHex(32);
    if (/\D/.test(id.slice(0, 12))) return id as ContainerID;
  }
}

/** The name of an anonymous volume. */
export function newVolumeName(): string {
  return randomHex(32);
}
