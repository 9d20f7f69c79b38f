/** What a container wrote to its standard error, to ours: results like those on stdout, not talk. */
import { writeSync } from 'node:fs';
import { isErrno, wrap } from '../../../lib/errors.ts';
import { OutputClosed } from '../../output.ts';

let queued = false;

/** @throws OutputClosed where nobody reads any more */
export function printBytesToStderr(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    if (queued) {
      process.stderr.write(bytes.subarray(at));
      return;
    }
    try {
      at += writeSync(2, bytes, at);
    } catch (error) {
      if (isErrno(error, 'EPIPE')) throw new OutputClosed();
      if (!isErrno(error, 'EAGAIN')) throw wrap(error, 'write standard error');
      queued = true; // non-blocking and full: libuv waits for it, and what follows queues behind
      process.stderr.on('error', () => {});
    }
  }
}
