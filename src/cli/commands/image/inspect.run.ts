import { inspectImage } from '../../../image/inspect.ts';
import { resolveImage } from '../../../image/resolve.ts';
import { isCode, wrap } from '../../../lib/errors.ts';
import { isJsonFormat, renderEach } from '../../listing.ts';
import { print, printJson } from '../../output.ts';
import { reportError } from '../../report.ts';
import type { Invocation } from '../../spec.ts';
import { imageStore } from './_store.ts';

/** What is found is printed, also where something else is not; then the exit code is 125. */
export function run({ args, options }: Invocation): number {
  const store = imageStore();
  const views: object[] = [];
  let exitCode = 0;
  for (const name of args) {
    try {
      views.push(inspectImage(store, resolveImage(store, name)));
    } catch (error) {
      exitCode = reportError(isCode(error, 'IMAGE_UNKNOWN') ? wrap(error, 'inspecting object') : error);
    }
  }
  const format = options['format'] as string | undefined;
  if (format === undefined || isJsonFormat(format)) printJson(views, 5);
  else print(renderEach(format, views, { name: 'inspect', typeName: 'inspect.ImageData' }));
  return exitCode;
}
