import { latestContainer } from '../../../container/list.ts';
import type { Context } from '../../../container/index.ts';
import { inspectContainer } from '../../../container/inspect/view.ts';
import { tryFindContainer } from '../../../container/lookup.ts';
import { inspectImage } from '../../../image/inspect.ts';
import { findImage } from '../../../image/resolve.ts';
import { reenterInside } from '../../../host/become.ts';
import { isCode, SkiffError } from '../../../lib/errors.ts';
import { byAlias } from '../../by-alias.ts';
import { isJsonFormat, renderEach } from '../../listing.ts';
import { print, printJson } from '../../output.ts';
import { reportError } from '../../report.ts';
import type { Invocation } from '../../spec.ts';
import { openContext } from './_context.ts';
import { flag, text } from './_values.ts';

/** What is found is printed, also where something else is not; then the exit code is 125. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, spec } = invocation;
  if (flag(options, 'size')) reenterInside();
  const context = openContext();
  const type = spec.path.length > 1 ? 'container' : (text(options, 'type') ?? 'all');
  const views: Record<string, unknown>[] = [];
  let exitCode = 0;
  for (const name of names(context, invocation)) {
    try {
      views.push(await inspectOne(context, name, type, flag(options, 'size')));
    } catch (error) {
      exitCode = reportError(error);
    }
  }
  const format = text(options, 'format');
  if (format === undefined || isJsonFormat(format)) printJson(views, 5);
  else print(renderEach(format, views, { name: 'inspect', typeName: type === 'image' ? 'inspect.ImageData' : 'define.InspectContainerData' }));
  return exitCode;
}

function names(context: Context, { options, args }: Invocation): readonly string[] {
  if (!flag(options, 'latest')) {
    if (args.length === 0) throw new SkiffError('USAGE', 'no names or ids specified');
    return args;
  }
  const latest = latestContainer(context);
  if (latest === undefined) throw new SkiffError('CONTAINER_UNKNOWN', 'no containers found: no such container');
  return [latest.record.ID];
}

async function inspectOne(context: Context, name: string, type: string, size: boolean): Promise<Record<string, unknown>> {
  const id = type === 'image' ? undefined : tryFindContainer(context, name);
  if (id !== undefined) return inspectContainer(context, id, { size });
  if (type === 'container') throw new SkiffError('CONTAINER_UNKNOWN', `inspecting object: no such container ${name}`);
  const image = await byAlias(name, (one) => findImageOrNothing(context, one));
  if (image !== undefined) return inspectImage(context.store, image);
  throw new SkiffError(type === 'image' ? 'IMAGE_UNKNOWN' : 'CONTAINER_UNKNOWN', `inspecting object: no such object: ${JSON.stringify(name)}`);
}

/** A text that can't be an image's name is none. */
function findImageOrNothing(context: Context, name: string): ReturnType<typeof findImage> {
  try {
    return findImage(context.store, name);
  } catch (error) {
    if (isCode(error, 'REFERENCE_INVALID')) return undefined;
    throw error;
  }
}
