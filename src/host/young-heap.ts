/**
 * Who moves an image makes much garbage that is dead at once, and V8 lets the heap of the young grow for it; what hangs on that (a buffer
 * of 64 KiB for each piece from the network) waits for its collection. Kept as small as it starts, it costs a third of the memory.
 */

let isSmall = false;

/**
 * From now on, in this process. To be called when everything is loaded: V8 takes no code cache once a flag has changed. node:v8, which
 * costs a millisecond, is loaded by it.
 */
export async function keepYoungHeapSmall(): Promise<void> {
  if (isSmall) return;
  isSmall = true;
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString('--semi-space-growth-factor=1');
}
