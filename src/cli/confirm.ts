/** "Are you sure?", as every verb that takes many things away asks it. */
import { createInterface } from 'node:readline/promises';
import { print } from './output.ts';

/** Prints the warning and asks. False for anything but a yes, and where standard input ends. */
export async function confirm(warning: string): Promise<boolean> {
  print(warning);
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const ended = new Promise<string>((resolve) => { reader.once('close', () => resolve('')); });
    return /^y/i.test((await Promise.race([reader.question('Are you sure you want to continue? [y/N] '), ended])).trim());
  } finally {
    reader.close();
  }
}
