import { isTerminal } from '../../../host/tty.ts';
import { resolveImage } from '../../../image/resolve.ts';
import type { SaveFormat, SaveItem } from '../../../image/save.ts';
import { saveImages } from '../../../image/save.ts';
import { parseTarget } from '../../../image/tag.ts';
import { SkiffError } from '../../../lib/errors.ts';
import type { Compression } from '../../../oci/media-types.ts';
import type { NamedReference } from '../../../oci/reference.ts';
import { canonicalString } from '../../../oci/reference.ts';
import type { Store } from '../../../storage/index.ts';
import { byAlias } from '../../by-alias.ts';
import { interruptible } from '../../interrupt.ts';
import type { Invocation, OptionValues } from '../../spec.ts';
import { imageStore, progress } from './_store.ts';

export async function run({ args, options }: Invocation): Promise<void> {
  const format = (options['format'] ?? 'docker-archive') as SaveFormat;
  const output = options['output'] as string | undefined;
  if (options['compress'] === true && format !== 'docker-dir') throw new SkiffError('USAGE', "--compress can only be set when --format is 'docker-dir'");
  if (output === undefined && format.endsWith('-dir')) throw new SkiffError('USAGE', `--format ${format} needs --output`);
  if (output === undefined && isTerminal(1)) throw new SkiffError('USAGE', 'refusing to save to terminal. Use -o flag or redirect');
  const store = imageStore();
  const items = options['multi-image-archive'] === true ? await Promise.all(args.map((name) => oneImage(store, name))) : [await withTags(store, args)];
  await interruptible((signal) => saveImages(store, {
    items, format, output: output === undefined ? { fd: 1 } : { path: output }, compression: compressionOf(options, format), signal,
    // As Podman has it: who pipes an archive on hears of errors only.
    onEvent: progress(options['quiet'] === true || output === undefined),
  }));
}

async function oneImage(store: Store, text: string): Promise<SaveItem> {
  const image = await byAlias(text, (name) => resolveImage(store, name));
  return { image, names: image.name === undefined ? [] : [withoutDigest(image.name)] };
}

/** The first name is the image; the others are tags that it gets. One that names this image anyway is meant by its full name. */
async function withTags(store: Store, [first = '', ...more]: readonly string[]): Promise<SaveItem> {
  const { image, names } = await oneImage(store, first);
  const all = [...names, ...more.map(parseTarget)];
  return { image, names: [...new Map(all.map((name) => [canonicalString(name), name])).values()] };
}

function withoutDigest({ domain, path, tag = 'latest' }: NamedReference): NamedReference {
  return { domain, path, tag };
}

function compressionOf(options: OptionValues, format: SaveFormat): Compression | undefined {
  const chosen = options['compression-format'] as Compression | undefined;
  if (chosen !== undefined) return chosen;
  if (options['uncompressed'] === true && format !== 'docker-archive') return 'none';
  return options['compress'] === true ? 'gzip' : undefined;
}
