import { inspectImage } from '../../../image/inspect.ts';
import { resolveImage } from '../../../image/resolve.ts';
import type { Location } from '../../../image/transports.ts';
import { parseLocation } from '../../../image/transports.ts';
import { isCode, wrap } from '../../../lib/errors.ts';
import type { Store } from '../../../storage/index.ts';
import { byAlias } from '../../by-alias.ts';
import { isJsonFormat, renderEach } from '../../listing.ts';
import { print, printJson } from '../../output.ts';
import { reportError } from '../../report.ts';
import type { Invocation, OptionValues } from '../../spec.ts';
import { imageStore } from './_store.ts';

/** What is found is printed, also where something else is not; then the exit code is 125. */
export async function run({ args, options }: Invocation): Promise<number> {
  const store = imageStore();
  const views: object[] = [];
  let exitCode = 0;
  for (const name of args) {
    try {
      const location = parseLocation(name);
      views.push(location === undefined ? inspectImage(store, await byAlias(name, (one) => resolveImage(store, one))) : await inspectElsewhere(store, location, name, options));
    } catch (error) {
      exitCode = reportError(isCode(error, 'IMAGE_UNKNOWN') ? wrap(error, 'inspecting object') : error);
    }
  }
  const format = options['format'] as string | undefined;
  if (format === undefined || isJsonFormat(format)) printJson(views, 5);
  else print(renderEach(format, views, { name: 'inspect', typeName: 'inspect.ImageData' }));
  return exitCode;
}

/** Registries and archives are for few, and loaded for them. */
async function inspectElsewhere(store: Store, location: Location, name: string, options: OptionValues): Promise<Record<string, unknown>> {
  const [{ inspectPlace }, { withClient }] = await Promise.all([import('../../../image/inspect-place.ts'), import('../../registry-client.ts')]);
  try {
    return await withClient(options, (client) => inspectPlace(store, location, client));
  } catch (error) {
    throw wrap(error, `inspect ${JSON.stringify(name)}`);
  }
}
