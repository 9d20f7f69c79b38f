/**
 * Results, on stdout, and nothing else there. Written at once and in full, so that they are out before the process is
 * replaced or ends.
 */
import { writeSync } from 'node:fs';
import { isErrno, wrap } from '../lib/errors.ts';
import { log } from '../lib/log.ts';

/** The reader of stdout has gone (`skiff logs | head`): there is nothing more to do, and nothing to complain about. */
export class OutputClosed extends Error {
  constructor() {
    super('stdout is closed');
    this.name = 'OutputClosed';
  }
}

let queued = false;

/** Writes to stdout. @throws OutputClosed when nobody reads any more; IO, NO_SPACE where the file can't be written */
export function print(text: string | Uint8Array): void {
  let rest = typeof text === 'string' ? Buffer.from(text) : text;
  while (rest.length > 0) {
    if (queued) {
      process.stdout.write(rest);
      return;
    }
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (isErrno(error, 'EPIPE')) throw new OutputClosed();
      if (!isErrno(error, 'EAGAIN')) throw wrap(error, 'write standard output');
      // Someone made the pipe or terminal non-blocking and it is full. libuv waits for it; what follows must queue behind.
      queued = true;
      process.stdout.on('error', () => {});
    }
  }
}

/** `text` and a newline. */
export function printLine(text: string): void {
  print(`${text}\n`);
}

/** JSON for programs. Podman indents by 4 in listings, by 5 in inspect, by 2 in info. */
export function printJson(value: unknown, indent = 4): void {
  printLine(JSON.stringify(value, undefined, indent));
}

/** A warning for people, on stderr. */
export function warn(message: string): void {
  log.warn(message);
}
