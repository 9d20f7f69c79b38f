/** "Are you sure?", as every verb that takes many things away asks it. */
import { createInterface } from 'node:readline/promises';
import { SkiffError } from '../lib/errors.ts';
import { print } from './output.ts';

/** Prints the warning and asks. False for anything but a yes. @throws USAGE where standard input ends instead: a script would take that for done */
export async function confirm(warning: string): Promise<boolean> {
  print(warning);
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const ended = new Promise<undefined>((resolve) => { reader.once('close', () => resolve(undefined)); });
    const answer = await Promise.race([reader.question('Are you sure you want to continue? [y/N] '), ended]);
    if (answer === undefined) {
      print('\n'); // the error gets a line of its own
      throw new SkiffError('USAGE', 'no answer: standard input has ended', { hint: '--force asks nothing' });
    }
    return /^y/i.test(answer.trim());
  } finally {
    reader.close();
  }
}
