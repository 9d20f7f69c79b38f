/**
 * Node asks of every host that it connects to whether it is an IPv6 address, by a regular expression that is long enough for V8 to compile it
 * for milliseconds (Node 20: isIPv6() takes 7 ms the first time, a pull of what is there 3 ms less with this); half of one where its code
 * need not be good.
 */
import { isIP } from 'node:net';
import { setFlagsFromString } from 'node:v8';

let isCompiled = false;

/** Has it compiled the quick way, once in a process; all other expressions stay as they are. To be called before anything is connected to. */
export function compileAddressTest(): void {
  if (isCompiled) return;
  isCompiled = true;
  setFlagsFromString('--no-regexp-optimization');
  // Once for the byte code, and once for the machine code that V8 makes of what is used again.
  for (let use = 0; use < 2; use++) isIP('host.example');
  setFlagsFromString('--regexp-optimization');
}
