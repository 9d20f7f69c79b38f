import type { HistoryStep } from '../../../image/history.ts';
import { imageHistory } from '../../../image/history.ts';
import { resolveImage } from '../../../image/resolve.ts';
import { humanDuration, humanSize } from '../../../lib/units.ts';
import { hexOf } from '../../../oci/ids.ts';
import { byAlias } from '../../by-alias.ts';
import { isJsonFormat, renderListing } from '../../listing.ts';
import { print, printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { imageStore, printable } from './_store.ts';

const headers = {
  ID: 'ID', Created: 'CREATED', CreatedAt: 'CREATED AT', CreatedSince: 'CREATED SINCE', CreatedBy: 'CREATED BY', Size: 'SIZE', Comment: 'COMMENT', Tags: 'TAGS',
};
const shownCommand = 45;

export async function run({ args: [text = ''], options }: Invocation): Promise<void> {
  const store = imageStore();
  const steps = imageHistory(store, await byAlias(text, (name) => resolveImage(store, name)));
  const noTrunc = options['no-trunc'] === true;
  const format = options['format'] as string | undefined;
  if (isJsonFormat(format)) return printLine(JSON.stringify(steps.map(jsonOf)));
  if (options['quiet'] === true) {
    for (const step of steps) printLine(shownID(step, noTrunc));
    return;
  }
  print(await renderListing({
    name: 'history', rows: steps.map((step) => fieldsOf(step, noTrunc, options['human'] !== false)), format, headers,
    defaultFormat: 'table {{.ID}}\t{{.Created}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}', typeName: 'images.historyReporter',
  }));
}

function shownID({ id }: HistoryStep, noTrunc: boolean): string {
  if (id === undefined) return '<missing>';
  return noTrunc ? hexOf(id) : hexOf(id).slice(0, 12);
}

function fieldsOf(step: HistoryStep, noTrunc: boolean, human: boolean): object {
  const createdMs = Date.parse(step.created ?? '');
  const known = !Number.isNaN(createdMs);
  const since = known ? `${humanDuration(Math.max(0, Date.now() - createdMs))} ago` : '';
  const iso = known ? new Date(createdMs).toISOString() : '';
  const createdBy = printable(step.createdBy);
  return {
    ID: shownID(step, noTrunc), Created: human ? since : `${iso.slice(0, 19)}${known ? 'Z' : ''}`, CreatedSince: since,
    CreatedAt: known ? `${iso.slice(0, 10)} ${iso.slice(11, 19)} +0000 UTC` : '',
    CreatedBy: noTrunc || createdBy.length <= shownCommand ? createdBy : `${createdBy.slice(0, shownCommand - 3)}...`,
    Size: human ? humanSize(step.sizeBytes, { digits: 3, separator: ' ' }) : String(step.sizeBytes), Comment: printable(step.comment), Tags: step.tags,
  };
}

function jsonOf(step: HistoryStep): object {
  return {
    id: step.id === undefined ? '<missing>' : hexOf(step.id), ...(step.created !== undefined && { created: step.created }), CreatedBy: step.createdBy,
    ...(step.tags.length > 0 && { tags: step.tags }), size: step.sizeBytes, comment: step.comment, ...(step.created !== undefined && { Created: step.created.replace(/\.\d+/, '') }),
  };
}
