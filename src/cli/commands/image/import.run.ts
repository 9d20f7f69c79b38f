import type { ImportSource } from '../../../image/import.ts';
import { importImage } from '../../../image/import.ts';
import { parseTarget } from '../../../image/tag.ts';
import { interruptible } from '../../interrupt.ts';
import { printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { imageStore, warnNotes } from './_store.ts';

export async function run({ args, options }: Invocation): Promise<void> {
  const [path = '', reference] = args;
  const text = (name: string): string | undefined => options[name] as string | undefined;
  const { id, notes } = await interruptible((signal) => importImage(imageStore(), {
    signal, source: sourceOf(path),
    names: reference === undefined ? [] : [parseTarget(reference)],
    changes: (options['change'] as readonly string[] | undefined) ?? [],
    message: text('message'), architecture: text('arch'), os: text('os'), variant: text('variant'),
  }));
  warnNotes(notes);
  printLine(id);
}

function sourceOf(path: string): ImportSource {
  if (path === '-') return { kind: 'fd', fd: 0 };
  return /^https?:\/\//i.test(path) ? { kind: 'url', url: path } : { kind: 'file', path };
}
