import { containerUsage, listVolumes, volumeUsage } from '../../../container/disk-usage.ts';
import { statusWord } from '../../../container/filters.ts';
import { imageUses } from '../../../container/image-uses.ts';
import type { Context } from '../../../container/index.ts';
import { nameOf, shortID } from '../../../container/record.ts';
import type { FullSummary } from '../../../container/summary.ts';
import { allContainers } from '../../../container/summary.ts';
import { config } from '../../../host/config/index.ts';
import type { ImagesUsage } from '../../../image/disk-usage.ts';
import { imagesUsage } from '../../../image/disk-usage.ts';
import { unfinishedUsage } from '../../../image/unfinished.ts';
import { SkiffError } from '../../../lib/errors.ts';
import { humanDuration, humanSize } from '../../../lib/units.ts';
import { hexOf } from '../../../oci/ids.ts';
import { canonicalName } from '../../../oci/reference.ts';
import { openStore } from '../../../storage/store.ts';
import { isJsonFormat, renderListing } from '../../listing.ts';
import { print, printJson } from '../../output.ts';
import { printable } from '../../printable.ts';
import type { Invocation } from '../../spec.ts';

interface Line { readonly type: string; readonly total: number; readonly active: number; readonly bytes: number; readonly reclaimable: number }
interface ContainerLine extends FullSummary { readonly bytes: number }
interface VolumeLine { readonly name: string; readonly links: number; readonly bytes: number }

export async function run({ options }: Invocation): Promise<void> {
  const format = options['format'] as string | undefined;
  const verbose = options['verbose'] === true;
  if (verbose && format !== undefined) throw new SkiffError('USAGE', 'cannot combine --format and --verbose flags');
  const context: Context = { store: openStore(config().root), runtimeDir: config().runtimeDir };
  const containers = allContainers(context).map((summary): ContainerLine => ({ ...summary, bytes: containerUsage(context, summary.record.ID) }));
  const records = containers.map(({ record }) => record);
  const images = imagesUsage(context.store, imageUses(context, records));
  const volumes = listVolumes(context, records).map((volume): VolumeLine => ({ ...volume, bytes: volumeUsage(context, volume.name) }));
  if (verbose) return printAll(images, containers, volumes);
  const lines = [imagesLine(images), containersLine(containers), volumesLine(volumes), ...unfinishedLine(context)];
  if (isJsonFormat(format)) return printJson(lines.map(fieldsOf));
  print(await renderListing({
    name: 'df', rows: lines.map(fieldsOf), format, typeName: 'system.dfSummary',
    headers: { Type: 'TYPE', Total: 'TOTAL', TotalCount: 'TOTAL', Active: 'ACTIVE', Size: 'SIZE', Reclaimable: 'RECLAIMABLE', RawSize: 'SIZE', RawReclaimable: 'RECLAIMABLE' },
    defaultFormat: 'table {{.Type}}\t{{.Total}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}',
  }));
}

function imagesLine({ images, totalBytes, reclaimableBytes }: ImagesUsage): Line {
  return { type: 'Images', total: images.length, active: images.filter(({ image }) => image.containers > 0).length, bytes: totalBytes, reclaimable: reclaimableBytes };
}

function containersLine(containers: readonly ContainerLine[]): Line {
  const idle = containers.filter(({ state }) => state.status === 'created' || state.status === 'exited');
  return { type: 'Containers', total: containers.length, active: containers.length - idle.length, bytes: sum(containers), reclaimable: sum(idle) };
}

function volumesLine(volumes: readonly VolumeLine[]): Line {
  const idle = volumes.filter(({ links }) => links === 0);
  return { type: 'Local Volumes', total: volumes.length, active: volumes.length - idle.length, bytes: sum(volumes), reclaimable: sum(idle) };
}

/** Only where there is any: scripts know three lines. */
function unfinishedLine({ store }: Context): Line[] {
  const { total, active, bytes, reclaimableBytes } = unfinishedUsage(store);
  return total === 0 ? [] : [{ type: 'Unfinished Pulls', total, active, bytes, reclaimable: reclaimableBytes }];
}

function sum(items: readonly { readonly bytes: number }[]): number {
  return items.reduce((total, { bytes }) => total + bytes, 0);
}

function fieldsOf({ type, total, active, bytes, reclaimable }: Line): object {
  const percent = bytes === 0 ? 0 : Math.round((reclaimable / bytes) * 100);
  return {
    Type: type, Total: total, Active: active, RawSize: bytes, RawReclaimable: reclaimable, TotalCount: total,
    Size: humanSize(bytes), Reclaimable: `${humanSize(reclaimable)} (${percent}%)`,
  };
}

async function printAll(images: ImagesUsage, containers: readonly ContainerLine[], volumes: readonly VolumeLine[]): Promise<void> {
  const section = async (title: string, columns: readonly (readonly [field: string, heading: string])[], rows: readonly object[]): Promise<string> => `${title}\n\n${await renderListing({
    name: 'df', rows, format: undefined, headers: Object.fromEntries(columns), defaultFormat: `table ${columns.map(([field]) => `{{.${field}}}`).join('\t')}`,
  })}`;
  const nowMs = Date.now();
  const age = (createdMs: number): string => humanDuration(Math.max(0, nowMs - createdMs));
  const parts = [
    await section('Images space usage:', [['Repository', 'REPOSITORY'], ['Tag', 'TAG'], ['ID', 'IMAGE ID'], ['Created', 'CREATED'], ['Size', 'SIZE'], ['Shared', 'SHARED SIZE'], ['Unique', 'UNIQUE SIZE'], ['Containers', 'CONTAINERS']],
      images.images.toSorted((a, b) => a.image.createdMs - b.image.createdMs).flatMap(({ image, sizeBytes, sharedBytes, uniqueBytes }) => {
        const names = image.names.length === 0 ? [undefined] : image.names;
        return names.map((name) => ({
          Repository: name === undefined ? '<none>' : canonicalName(name), Tag: name?.tag ?? '<none>', ID: hexOf(image.id).slice(0, 12), Created: age(image.createdMs),
          Size: humanSize(sizeBytes), Shared: humanSize(sharedBytes), Unique: humanSize(uniqueBytes), Containers: image.containers,
        }));
      })),
    await section('Containers space usage:', [['ID', 'CONTAINER ID'], ['Image', 'IMAGE'], ['Command', 'COMMAND'], ['Volumes', 'LOCAL VOLUMES'], ['Size', 'SIZE'], ['Created', 'CREATED'], ['Status', 'STATUS'], ['Names', 'NAMES']],
      containers.map(({ record, state, bytes }) => ({
        ID: shortID(record.ID), Image: record.Image === '' ? '' : hexOf(record.Image).slice(0, 12), Command: printable([record.Path, ...record.Args].join(' ')),
        Volumes: record.Skiff.mounts.filter(({ kind }) => kind === 'volume').length, Size: humanSize(bytes), Created: age(Date.parse(record.Created)), Status: statusWord(state), Names: nameOf(record),
      }))),
    await section('Local Volumes space usage:', [['Name', 'VOLUME NAME'], ['Links', 'LINKS'], ['Size', 'SIZE']], volumes.map(({ name, links, bytes }) => ({ Name: name, Links: links, Size: humanSize(bytes) }))),
  ];
  print(parts.join('\n'));
}
