/** Which containers a command means: names and ids, --cidfile, --all, --latest, --filter. */
import { readFileSync } from 'node:fs';
import type { Context } from '../../../container/index.ts';
import { latestContainer, listContainers } from '../../../container/list.ts';
import { findContainer, tryFindContainer } from '../../../container/lookup.ts';
import type { Summary } from '../../../container/summary.ts';
import { isCode, SkiffError, wrap } from '../../../lib/errors.ts';
import type { ContainerID } from '../../../oci/ids.ts';
import { reportFailure } from '../../report.ts';
import type { Invocation } from '../../spec.ts';
import { imageIDs } from './_images.ts';
import { flag, list } from './_values.ts';

export interface Chosen {
  id: ContainerID;
  /** As the user named it, or the id: what is printed when it is done. */
  shown: string;
}

/**
 * `which` narrows what --all and --filter mean. A name that nothing bears is an error before any of the others is touched,
 * as in Podman; with --ignore (and `rm --force`) it is passed over.
 * @throws CONTAINER_UNKNOWN CONTAINER_AMBIGUOUS, USAGE (a filter)
 */
export function selectContainers(context: Context, invocation: Invocation, which: (summary: Summary) => boolean = () => true): Chosen[] {
  const { options } = invocation;
  const filters = list(options, 'filter');
  if (flag(options, 'latest')) {
    const latest = latestContainer(context);
    if (latest === undefined) throw new SkiffError('CONTAINER_UNKNOWN', 'no containers found: no such container');
    return [all(latest)];
  }
  if (flag(options, 'all') || filters.length > 0) {
    const names = new Set(invocation.args.map((name) => findContainer(context, name)));
    const found = listContainers(context, { all: true, filters, imageIDs: (reference) => imageIDs(context, reference) });
    return found.filter((summary) => which(summary) && (names.size === 0 || names.has(summary.record.ID))).map(all);
  }
  return byNames([...idFiles(list(options, 'cidfile'), flag(options, 'ignore')), ...invocation.args], context, flag(options, 'ignore') || flag(options, 'force'));
}

function all({ record }: Summary): Chosen {
  return { id: record.ID, shown: record.ID };
}

function byNames(names: readonly string[], context: Context, ignore: boolean): Chosen[] {
  const chosen: Chosen[] = [];
  for (const name of names) {
    const id = ignore ? tryFindContainer(context, name) : findContainer(context, name);
    if (id !== undefined && !chosen.some((known) => known.id === id)) chosen.push({ id, shown: name });
  }
  return chosen;
}

function idFiles(paths: readonly string[], ignore: boolean): string[] {
  return paths.flatMap((path) => {
    try {
      return [readFileSync(path, 'utf8').split('\n', 1)[0]?.trim() ?? ''];
    } catch (error) {
      const wrapped = wrap(error, 'read the container id file');
      if (ignore && isCode(wrapped, 'NOT_FOUND')) return [];
      throw wrapped;
    }
  });
}

/** The one container of a command that takes one, or --latest. @throws CONTAINER_UNKNOWN CONTAINER_AMBIGUOUS USAGE */
export function selectOne(context: Context, invocation: Invocation, name: string | undefined): ContainerID {
  if (flag(invocation.options, 'latest')) {
    const latest = latestContainer(context);
    if (latest === undefined) throw new SkiffError('CONTAINER_UNKNOWN', 'no containers found: no such container');
    return latest.record.ID;
  }
  if (name === undefined) throw new SkiffError('USAGE', 'you must provide the name or id of a container');
  return findContainer(context, name);
}

/** Does `work` for each, prints what it returns, reports failures one by one; the exit code is that of the last failure. */
export async function forEach(selection: readonly Chosen[], print: (line: string) => void, work: (chosen: Chosen) => string | undefined | Promise<string | undefined>): Promise<number> {
  let code = 0;
  for (const chosen of selection) {
    try {
      const line = await work(chosen);
      if (line !== undefined) print(line);
    } catch (error) {
      code = await reportFailure(error);
    }
  }
  return code;
}
