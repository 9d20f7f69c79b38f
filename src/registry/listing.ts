/** Lists that come in pages: tags of a repository, repositories of a registry. */
import { log } from '../lib/log.ts';
import { FieldReader, parseJson } from '../oci/json.ts';
import { isRepositoryPath, isTag } from '../oci/reference.ts';
import type { ErrorCode } from '../lib/errors.ts';
import type { Place } from './connections.ts';
import { RegistryError } from './errors.ts';
import { nextLink } from './link.ts';

const maxPageBytes = 16 * 1024 * 1024;
const maxPages = 10_000;
const maxEntries = 1_000_000;

/** In the registry's order. Names that no reference could hold are left out, and counted in a warning. */
export async function listTags(place: Place): Promise<string[]> {
  const tags: string[] = [];
  for await (const tag of fitting(place, 'tags', isTag, pages(place, `${place.base}/tags/list`, 'tags', [place.pull], { 404: 'NAME_UNKNOWN' }))) tags.push(tag);
  return tags;
}

/** The registry's repositories, as they come; names as for listTags. */
export async function* catalog(place: Place): AsyncGenerator<string> {
  yield* fitting(place, 'repositories', isRepositoryPath, pages(place, '/v2/_catalog?n=1000', 'repositories', ['registry:catalog:*'], {}));
}

/** Names with control characters and the like never get further, but what is missing from a listing is told. */
async function* fitting({ endpoint: { repository: { domain, path } } }: Place, kind: string, isName: (name: string) => boolean, names: AsyncIterable<string>): AsyncGenerator<string> {
  let leftOut = 0;
  try {
    for await (const name of names) {
      if (isName(name)) yield name;
      else leftOut++;
    }
  } finally {
    if (leftOut > 0) log.warn(`${path === '' ? domain : `${domain}/${path}`}: ${kind} left out, whose names no reference can hold: ${leftOut}`);
  }
}

async function* pages(place: Place, first: string, key: string, scopes: readonly string[], codes: Readonly<Record<number, ErrorCode>>): AsyncGenerator<string> {
  let target: string | URL = first;
  let count = 0;
  const seen = new Set<string>();
  for (let page = 1; ; page++) {
    const answer = await place.transport.send({ method: 'GET', target, headers: { accept: 'application/json' }, scopes, expect: [200], codes });
    const fail = (why: string): RegistryError => new RegistryError(why, { method: 'GET', url: answer.url, stage: 'answer', temporary: false });
    const from = new FieldReader(parseJson(await answer.read(maxPageBytes), { what: key, code: 'REGISTRY_FAILED', maxBytes: maxPageBytes }), key, 'REGISTRY_FAILED');
    const names = from.optionalStrings(key, maxEntries) ?? [];
    count += names.length;
    if (count > maxEntries) throw fail(`more than ${maxEntries} ${key}`);
    yield* names;
    const link = nextLink(answer.headerLines('link'));
    if (link === undefined) return;
    const next = place.transport.resolve(link, answer.url);
    if (next.host !== answer.url.host) throw fail(`the next page of ${key} is on another host`);
    if (seen.has(next.href) || page === maxPages) throw fail(`the pages of ${key} have no end`);
    seen.add(next.href);
    log.trace(`next page of ${key}: ${next.pathname}`);
    target = next;
  }
}
