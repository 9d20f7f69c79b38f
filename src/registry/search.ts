/**
 * Search: Docker's old index API where a registry has it, else its catalogue, filtered here.
 *
 * @see containers/image docker/docker_client.go SearchRegistry for the order of the two; distribution docs/spec/api.md "Catalog"
 */
import { FieldReader, parseJson } from '../oci/json.ts';
import { defaultDomain, isRepositoryPath } from '../oci/reference.ts';
import { openConnections, type Place } from './connections.ts';
import { registryErrorOf } from './errors.ts';
import type { ClientOptions, SearchResult } from './index.ts';
import { catalog } from './listing.ts';
import { oneLine } from './redact.ts';

const maxAnswerBytes = 8 * 1024 * 1024;
/** What Docker's index gives on one page at most. */
const pageSize = 100;
const maxPages = 100;

/**
 * At most `limit` repositories of one registry that match `term`; the registry decides what matches and in which order. An empty
 * term lists the whole catalogue. Names are without the registry, as it says them.
 * @throws RegistryError, also where the registry has neither search nor catalogue
 */
export async function searchRegistry(options: ClientOptions, domain: string, term: string, limit: number): Promise<SearchResult[]> {
  const connections = openConnections(options);
  try {
    const endpoint = options.endpoints({ domain, path: '' }).findLast((one) => !one.mirror) ?? { repository: { domain, path: '' }, insecure: false, serves: 'all', mirror: false };
    const here = { ...endpoint, repository: { ...endpoint.repository, path: '' } };
    if (here.repository.domain === defaultDomain) return await searchIndex(connections.place(here, { host: 'index.docker.io' }), term, limit);
    const place = connections.place(here);
    if (term !== '') {
      try {
        return await searchIndex(place, term, limit);
      } catch (error) {
        // Most registries have no such thing, and say so in their own ways.
        if (registryErrorOf(error)?.stage !== 'answer') throw error;
      }
    }
    return await searchCatalog(place, term, limit);
  } finally {
    await connections.close();
  }
}

async function searchIndex(place: Place, term: string, limit: number): Promise<SearchResult[]> {
  const found: SearchResult[] = [];
  for (let page = 1; page <= maxPages && found.length < limit; page++) {
    const query = new URLSearchParams({ q: term, n: String(Math.min(limit, pageSize)), ...(page > 1 && { page: String(page) }) });
    const answer = await place.transport.send({ method: 'GET', target: `/v1/search?${query}`, headers: { accept: 'application/json' }, scopes: [], expect: [200] });
    const what = 'answer of the search';
    const from = new FieldReader(parseJson(await answer.read(maxAnswerBytes), { what, code: 'REGISTRY_FAILED', maxBytes: maxAnswerBytes }), what, 'REGISTRY_FAILED');
    const rows = from.array('results', 10_000);
    found.push(...rows.flatMap((row) => readResult(new FieldReader(row, what, 'REGISTRY_FAILED'))));
    if (rows.length < pageSize) break;
  }
  return found.slice(0, limit);
}

/** Nothing for a name that no reference could hold. */
function readResult(from: FieldReader): SearchResult[] {
  const name = from.optionalString('name') ?? '';
  if (!isRepositoryPath(name)) return [];
  return [{
    name, description: oneLine(from.optionalString('description') ?? '', 4096), stars: Math.max(0, from.optionalInteger('star_count') ?? 0),
    official: from.optionalBoolean('is_official') ?? false, automated: from.optionalBoolean('is_automated') ?? false,
  }];
}

async function searchCatalog(place: Place, term: string, limit: number): Promise<SearchResult[]> {
  const found: SearchResult[] = [];
  for await (const name of catalog(place)) {
    if (found.length >= limit) break;
    if (name.includes(term)) found.push({ name, description: '', stars: 0, official: false, automated: false });
  }
  return found;
}
