/** Which containers a command means: names and ids, --cidfile, --all, --latest, --filter. */
import { readFileSync } from 'node:fs';
import type { Context } from '../../../container/index.ts';
import { latestContainer, listContainers } from '../../../container/list.ts';
import { findContainer, tryFindContainer } from '../../../container/lookup.ts';
import type { Summary } from '../../../container/summary.ts';
import { isCode, SkiffError, wrap } from '../../../lib/errors.ts';
import type { ContainerID } from '../../../oci/ids.ts';
import { reportError, reportFailure } from '../../report.ts';
import type { Invocation } from '../../spec.ts';
import { imageIDs } from './_images.ts';
import { flag, list } from './_values.ts';

export interface Chosen {
  id: ContainerID;
  /** As the user named it, or the id: what is printed when it is done. */
  shown: string;
}

export interface Selection {
  chosen: Chosen[];
  /** Names that nothing bears, already reported; [] with --ignore. */
  missing: string[];
}

/**
 * `which` narrows what --all and --filter mean. Unknown names are reported one by one and do not keep the others from being
 * worked on, as in Podman.
 * @throws CONTAINER_AMBIGUOUS, USAGE (a filter)
 */
export function selectContainers(context: Context, invocation: Invocation, which: (summary: Summary) => boolean = () => true): Selection {
  const { options } = invocation;
  const filters = list(options, 'filter');
  if (flag(options, 'latest')) {
    const latest = latestContainer(context);
    if (latest === undefined) throw new SkiffError('CONTAINER_UNKNOWN', 'no containers found: no such container');
    return { chosen: [all(latest)], missing: [] };
  }
  if (flag(options, 'all') || filters.length > 0) {
    const names = new Set(invocation.args.map((name) => findContainer(context, name)));
    const found = listContainers(context, { all: true, filters, imageIDs: (reference) => imageIDs(context, reference) });
    return { chosen: found.filter((summary) => which(summary) && (names.size === 0 || names.has(summary.record.ID))).map(all), missing: [] };
  }
  return byNames([...idFiles(list(options, 'cidfile'), flag(options, 'ignore')), ...invocation.args], context, flag(options, 'ignore') || flag(options, 'force'));
}

function all({ record }: Summary): Chosen {
  return { id: record.ID, shown: record.ID };
}

function byNames(names: readonly string[], context: Context, ignore: boolean): Selection {
  const chosen: Chosen[] = [];
  const missing: string[] = [];
  for (const name of names) {
    const id = tryFindContainer(context, name);
    if (id !== undefined) {
      if (!chosen.some((known) => known.id === id)) chosen.push({ id, shown: name });
    } else if (!ignore) {
      missing.push(name);
      reportError(new SkiffError('CONTAINER_UNKNOWN', `no container with name or ID ${JSON.stringify(name)} found: no such container`));
    }
  }
  return { chosen, missing };
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

/**
 * Does `work` for each, prints what it returns, reports failures one by one; the exit code is that of the last failure, or
 * `missingCode` where only names were unknown.
 */
export async function forEach(selection: Selection, print: (line: string) => void, work: (chosen: Chosen) => string | undefined | Promise<string | undefined>, missingCode = 125): Promise<number> {
  let code = selection.missing.length > 0 ? missingCode : 0;
  for (const chosen of selection.chosen) {
    try {
      const line = await work(chosen);
      if (line !== undefined) print(line);
    } catch (error) {
      code = await reportFailure(error);
    }
  }
  return code;
}
