import { existsSync } from 'node:fs';
import { isTerminal } from '../../../host/tty.ts';
import type { ArchiveInput } from '../../../image/archive/open.ts';
import { loadImages } from '../../../image/load.ts';
import { parseLocation } from '../../../image/transports.ts';
import { isWebAddress, withoutSecrets } from '../../../image/url-text.ts';
import { SkiffError, wrap } from '../../../lib/errors.ts';
import { canonicalString } from '../../../oci/reference.ts';
import { interruptible } from '../../interrupt.ts';
import { printLine } from '../../output.ts';
import type { Invocation, OptionValues } from '../../spec.ts';
import { imageStore, progress, warnNotes } from './_store.ts';

/** One archive after the other; the first that can't be loaded ends it. */
export async function run({ options }: Invocation): Promise<void> {
  const inputs = (options['input'] as readonly string[] | undefined) ?? [];
  if (inputs.length === 0 && isTerminal(0)) throw new SkiffError('USAGE', 'cannot read from terminal, use command-line redirection or the --input flag');
  await interruptible(async (signal) => {
    if (inputs.length === 0) return load({ fd: 0 }, 'standard input', options, signal);
    for (const [at, input] of inputs.map(inputOf).entries()) await load(input, JSON.stringify(withoutSecrets(inputs[at] ?? '')), options, signal);
  });
}

async function load(input: ArchiveInput, shown: string, options: OptionValues, signal: AbortSignal): Promise<void> {
  try {
    for (const { id, names, notes } of await loadImages(imageStore(), input, progress(options['quiet'] === true), signal)) {
      warnNotes(notes);
      if (names.length === 0) printLine(`Loaded image: ${id}`);
      for (const name of names) printLine(`Loaded image: ${canonicalString(name)}`);
    }
  } catch (error) {
    throw wrap(error, `load ${shown}`);
  }
}

/** A file that is there is meant, whatever its name looks like. @throws USAGE for what is no file but a place to pull from */
function inputOf(text: string): ArchiveInput {
  if (existsSync(text)) return { path: text };
  if (isWebAddress(text)) return { url: text };
  const location = parseLocation(text);
  if (location === undefined) return { path: text };
  if (!('path' in location) || ('name' in location && location.name !== undefined)) {
    throw new SkiffError('USAGE', `load ${JSON.stringify(text)}: want an archive or a folder, whole`, { hint: `skiff pull ${text}` });
  }
  return { path: location.path };
}
