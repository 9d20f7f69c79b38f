import { log } from '../../../lib/log.ts';
import { complete, type Candidate } from '../../complete.ts';
import { globalOptions } from '../../globals.ts';
import { membersOf } from '../../members.ts';
import { localNames } from '../../local-names.ts';
import { print } from '../../output.ts';
import type { Completion, GlobalOptions, Invocation } from '../../spec.ts';
import { commands } from '../index.ts';

/**
 * Prints one candidate a line, "word<TAB>description", and a last line ":<what the shell adds>[,nospace]". Never fails: a
 * broken store must not make the TAB key print errors.
 */
export async function run({ args }: Invocation): Promise<void> {
  const { candidates, add, noSpace } = await complete(args, { commands, members: membersOf, globals: globalOptions, names });
  const lines = candidates.map(({ word, help }) => (help === '' ? word : `${word}\t${help}`));
  print([...lines, `:${add}${noSpace === true ? ',nospace' : ''}`, ''].join('\n'));
}

async function names(kind: Completion, typed: string, globals: GlobalOptions, before: readonly string[]): Promise<Candidate[]> {
  try {
    return await localNames(kind, typed, globals, before);
  } catch (error) {
    log.debug(`complete: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}
