import { existsSync } from 'node:fs';
import { digestReference, imageFilter } from '../../../image/filter.ts';
import type { ImageSummary } from '../../../image/summary.ts';
import { isDangling, isIntermediate, namesHistory, summarizeImages } from '../../../image/summary.ts';
import { goMap } from '../../../lib/template.ts';
import { humanDuration, humanSize } from '../../../lib/units.ts';
import { hexOf } from '../../../oci/ids.ts';
import type { NamedReference } from '../../../oci/reference.ts';
import { canonicalName, canonicalString } from '../../../oci/reference.ts';
import { isJsonFormat, renderListing } from '../../listing.ts';
import { print, printJson, printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { imageStore } from './_store.ts';

/** An image under one of its names. */
interface Row { readonly image: ImageSummary; readonly repository: string; readonly tag: string; readonly names: readonly string[]; readonly digest: string | undefined }

const headers = {
  Repository: 'REPOSITORY', Tag: 'TAG', ID: 'IMAGE ID', Id: 'IMAGE ID', Created: 'CREATED', CreatedAt: 'CREATED AT', CreatedSince: 'CREATED SINCE', CreatedTime: 'CREATED TIME',
  Size: 'SIZE', VirtualSize: 'VIRTUAL SIZE', SharedSize: 'SHARED SIZE', Digest: 'DIGEST', Names: 'NAMES', History: 'HISTORY', Labels: 'LABELS', ParentId: 'PARENT ID',
  Dangling: 'DANGLING', ReadOnly: 'R/O', Containers: 'CONTAINERS', RepoTags: 'REPO TAGS', RepoDigests: 'REPO DIGESTS',
};

export async function run({ args, options }: Invocation): Promise<void> {
  const store = imageStore();
  const filters = [...((options['filter'] as readonly string[] | undefined) ?? []), ...args.map((name) => `reference=${name}`)];
  const keep = imageFilter(store, filters);
  const wantsIntermediate = options['all'] === true || filters.some((filter) => filter.startsWith('intermediate'));
  const uses = usesOf(filters, options['format']) ? (await import('./_uses.ts')).imageUses(store) : [];
  const lists = existsSync(store.layout.lists) ? (await import('../../../image/lists/summary.ts')).summarizeLists(store) : [];
  const images = [...summarizeImages(store, uses), ...lists].filter((image) => keep(image) && (wantsIntermediate || !isIntermediate(image)));
  const noTrunc = options['no-trunc'] === true;
  const sort = (options['sort'] as string | undefined) ?? 'created';
  if (isJsonFormat(options['format'] as string | undefined)) return printJson(sorted(images.map(wholeRow), sort).map(({ image }) => jsonOf(image)));
  const byDigest = filters.flatMap((filter) => digestReference(/^reference=(.*)$/s.exec(filter)?.[1] ?? '') ?? []);
  const rows = sorted(images.flatMap((image) => (byDigest.length === 0 ? rowsOf(image) : rowsByDigest(image, byDigest))), sort);
  if (options['quiet'] === true) {
    for (const id of new Set(rows.map(({ image }) => shownID(image, noTrunc)))) printLine(id);
    return;
  }
  print(await renderListing({
    name: 'images', rows: rows.map((row) => new Fields(row, noTrunc)), format: options['format'] as string | undefined, headers,
    defaultFormat: defaultFormat(options['digests'] === true, options['history'] === true), noHeading: options['noheading'] === true, typeName: 'images.imageReporter',
  }));
}

/** Containers are read only where they matter. */
function usesOf(filters: readonly string[], format: unknown): boolean {
  return filters.some((filter) => filter.startsWith('containers')) || (typeof format === 'string' && (isJsonFormat(format) || format.includes('Containers')));
}

function defaultFormat(digests: boolean, history: boolean): string {
  return `table {{.Repository}}\t{{.Tag}}${digests ? '\t{{.Digest}}' : ''}\t{{.ID}}\t{{.Created}}\t{{.Size}}${history ? '\t{{if .History}}{{.History}}{{else}}<none>{{end}}' : ''}`;
}

function wholeRow(image: ImageSummary): Row {
  const [first] = image.names;
  return { image, repository: first === undefined ? '<none>' : canonicalName(first), tag: first?.tag ?? '<none>', names: image.names.map(canonicalString), digest: image.digest };
}

/** A row a tag; an image that has digests only, or nothing at all, has one row. */
function rowsOf(image: ImageSummary): Row[] {
  const names = image.names.map(canonicalString);
  const row = (tag: string, name: NamedReference): Row => ({ image, repository: canonicalName(name), tag, names, get digest() { return image.digestOf(name); } });
  const tagged = image.names.filter(({ tag }) => tag !== undefined);
  if (tagged.length > 0) return tagged.map((name) => row(name.tag ?? '', name));
  if (image.names.length === 0) return [{ image, repository: '<none>', tag: '<none>', names, get digest() { return image.digest; } }];
  return [...new Map(image.names.map((name) => [canonicalName(name), name])).values()].map((name) => row('<none>', name));
}

/** Of an image that was asked for by digest, the repositories that have it by that one. */
function rowsByDigest(image: ImageSummary, asked: readonly ((repoDigest: string) => boolean)[]): Row[] {
  return image.repoDigests.filter((one) => asked.some((fits) => fits(one))).flatMap((repoDigest) => {
    const [repository = '', digest] = repoDigest.split('@');
    const tags = rowsOf(image).filter((row) => row.repository === repository).map(({ tag }) => tag);
    return (tags.length === 0 ? ['<none>'] : tags).map((tag) => ({ image, repository, tag, names: image.names.map(canonicalString), digest }));
  });
}

function sorted(rows: readonly Row[], key: string): Row[] {
  const text = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  const byName = (a: Row, b: Row): number => text(a.repository, b.repository) || text(a.tag, b.tag) || text(a.image.id, b.image.id);
  return rows.toSorted((a, b) => {
    if (key === 'created') return b.image.createdMs - a.image.createdMs || byName(a, b);
    if (key === 'size') return a.image.sizeBytes - b.image.sizeBytes || byName(a, b);
    if (key === 'id') return text(a.image.id, b.image.id) || byName(a, b);
    return (key === 'tag' ? text(a.tag, b.tag) : 0) || byName(a, b);
  });
}

function shownID(image: ImageSummary, noTrunc: boolean): string {
  return noTrunc ? image.id : hexOf(image.id).slice(0, 12);
}

/** What a template sees of a row. Getters of a class: a listing of hundreds asks for five of these. */
class Fields {
  readonly #row: Row;
  readonly #noTrunc: boolean;

  constructor(row: Row, noTrunc: boolean) {
    this.#row = row;
    this.#noTrunc = noTrunc;
  }

  get #image(): ImageSummary { return this.#row.image; }
  get Repository(): string { return this.#row.repository; }
  get Tag(): string { return this.#row.tag; }
  get ID(): string { return shownID(this.#image, this.#noTrunc); }
  get Id(): string { return hexOf(this.#image.id); }
  get Digest(): string { return this.#row.digest ?? '<none>'; }
  get Created(): string { return `${humanDuration(Math.max(0, Date.now() - this.#image.createdMs))} ago`; }
  get CreatedSince(): string { return this.Created; }
  get CreatedAt(): string { return `${new Date(this.#image.createdMs).toISOString().replace('T', ' ').slice(0, 19)} +0000 UTC`; }
  get CreatedTime(): string { return this.CreatedAt; }
  get Size(): string { return humanSize(this.#image.sizeBytes, { digits: 3, separator: ' ' }); }
  get VirtualSize(): number { return this.#image.sizeBytes; }
  get SharedSize(): number { return this.#image.sharedBytes; }
  get Names(): readonly string[] { return this.#row.names; }
  get RepoTags(): readonly string[] { return this.#row.names; }
  get RepoDigests(): readonly string[] { return this.#image.repoDigests; }
  get History(): string { return namesHistory(this.#image.names, this.#image.formerNames).join(', '); }
  get Labels(): object { return goMap({ ...this.#image.config.config.Labels }); }
  get ParentId(): string { return this.#image.parent === undefined ? '' : hexOf(this.#image.parent); }
  get Dangling(): boolean { return isDangling(this.#image); }
  get ReadOnly(): boolean { return false; }
  get Containers(): number { return this.#image.containers; }
}

function jsonOf(image: ImageSummary): object {
  const names = image.names.map(canonicalString);
  return {
    Id: hexOf(image.id), ParentId: image.parent === undefined ? '' : hexOf(image.parent), RepoTags: names.length === 0 ? null : names,
    RepoDigests: image.repoDigests, Size: image.sizeBytes, SharedSize: image.sharedBytes, VirtualSize: image.sizeBytes,
    Labels: image.config.config.Labels ?? null, Containers: image.containers, ...(isDangling(image) && { Dangling: true }),
    Names: names, Digest: image.digest ?? '', History: namesHistory(image.names, image.formerNames), Created: Math.floor(image.createdMs / 1000), CreatedAt: `${new Date(image.createdMs).toISOString().slice(0, 19)}Z`,
  };
}
