import { firstTags } from '../../../image/elsewhere.ts';
import { SkiffError } from '../../../lib/errors.ts';
import { canonicalName, defaultDomain, normalize, parseReference } from '../../../oci/reference.ts';
import type { SearchResult } from '../../../registry/index.ts';
import { isJsonFormat, renderListing } from '../../listing.ts';
import { readRegistryFlags } from '../../options/registry.ts';
import { print, printJson, warn } from '../../output.ts';
import { printable } from '../../printable.ts';
import { withClient } from '../../registry-client.ts';
import type { Invocation, OptionValues } from '../../spec.ts';

const defaultLimit = 25;
const shownDescription = 44;

export async function run({ args: [term = ''], options }: Invocation): Promise<void> {
  if (options['list-tags'] === true) return listTags(term, options);
  const keep = filterOf((options['filter'] as readonly string[] | undefined) ?? []);
  const rows = (await searchAll(term, options)).filter(keep);
  if (isJsonFormat(options['format'] as string | undefined)) return printJson(rows.map((row) => fieldsOf(row, true)));
  const compatible = options['compatible'] === true;
  print(await renderListing({
    name: 'search', rows: rows.map((row) => fieldsOf(row, options['no-trunc'] === true)), format: options['format'] as string | undefined, typeName: 'registry.searchReport',
    headers: { Index: 'INDEX', Name: 'NAME', Description: 'DESCRIPTION', Stars: 'STARS', Official: 'OFFICIAL', Automated: 'AUTOMATED', Tag: 'TAG' },
    defaultFormat: `table {{.Name}}\t{{.Description}}${compatible ? '\t{{.Stars}}\t{{.Official}}\t{{.Automated}}' : ''}`,
  }));
}

/** 0, as Podman has it, is not said. */
function limitOf(options: OptionValues): number {
  return (options['limit'] as number | undefined) || defaultLimit;
}

interface Row extends SearchResult { readonly registry: string }

/** Every registry that is meant, one after the other. One that fails does not hide what the others have. */
async function searchAll(term: string, options: OptionValues): Promise<Row[]> {
  const [{ clientOptions }, { searchRegistry }] = await Promise.all([import('../../../registry/client-options.ts'), import('../../../registry/search.ts')]);
  const client = await clientOptions(await readRegistryFlags(options));
  const { registries, words } = await placesOf(term);
  const limit = limitOf(options);
  const rows: Row[] = [];
  const failures: SkiffError[] = [];
  for (const registry of registries) {
    try {
      rows.push(...(await searchRegistry(client, registry, words, limit)).map((result) => ({ ...result, registry })));
    } catch (error) {
      if (!(error instanceof SkiffError)) throw error;
      failures.push(new SkiffError(error.code, `search registry ${JSON.stringify(registry)}: ${error.message}`, { cause: error }));
    }
  }
  const [first] = failures;
  if (first !== undefined && failures.length === registries.length) throw first;
  for (const failure of failures) warn(failure.message);
  return rows;
}

/** As in a reference: the first part is a registry where it has a dot or a colon, or is "localhost". */
async function placesOf(term: string): Promise<{ registries: readonly string[]; words: string }> {
  const slash = term.indexOf('/');
  const first = slash < 0 ? '' : term.slice(0, slash);
  if (/[.:]/.test(first) || first === 'localhost') {
    parseReference(`${first}/name`); // refuses what is no host
    return { registries: [first], words: term.slice(slash + 1) };
  }
  if (term === '') throw new SkiffError('USAGE', 'search term cannot be empty');
  const { registriesConf } = await import('../../../registry/registries-conf.ts');
  const { search } = await registriesConf();
  if (search?.registries.length === 0) throw new SkiffError('USAGE', `no unqualified-search registries are defined in ${JSON.stringify(search.file)}`, { hint: 'write the registry before the term: quay.io/podman' });
  return { registries: search?.registries ?? [defaultDomain], words: term };
}

/** "is-official", "is-official=false", "is-automated", "stars=3". @throws USAGE */
function filterOf(texts: readonly string[]): (row: Row) => boolean {
  const tests = texts.map((text): ((row: Row) => boolean) => {
    const [key = '', value] = text.split('=', 2);
    if (key === 'stars') {
      if (value === undefined || !/^\d+$/.test(value)) throw new SkiffError('USAGE', `incorrect value type for stars filter: ${JSON.stringify(value ?? '')} is no number`);
      return ({ stars }) => stars >= Number(value);
    }
    if ((key !== 'is-official' && key !== 'is-automated') || !['true', 'false', undefined].includes(value)) throw new SkiffError('USAGE', `invalid filter type ${JSON.stringify(text)}`);
    return (row) => (key === 'is-official' ? row.official : row.automated) === (value !== 'false');
  });
  return (row) => tests.every((holds) => holds(row));
}

function fieldsOf({ registry, name, description, stars, official, automated }: Row, whole: boolean): object {
  const text = printable(description);
  return {
    Index: registry, Name: `${registry}/${registry === defaultDomain && !name.includes('/') ? `library/${name}` : name}`,
    Description: whole || text.length <= shownDescription ? text : `${text.slice(0, shownDescription)}...`,
    Stars: stars, Official: official ? '[OK]' : '', Automated: automated ? '[OK]' : '', Tag: '',
  };
}

async function listTags(term: string, options: OptionValues): Promise<void> {
  if (((options['filter'] as readonly string[] | undefined) ?? []).length > 0) throw new SkiffError('USAGE', 'filters are not applicable to list tags result');
  const { registriesConf } = await import('../../../registry/registries-conf.ts');
  const { resolveShortName } = await import('../../../registry/short-names.ts');
  const reference = parseReference(term.replace(/^docker:\/\//, ''));
  const { candidates } = term.startsWith('docker://') ? { candidates: [normalize(reference)] } : resolveShortName(await registriesConf(), reference);
  const found = await withClient(options, async (client) => firstTags(await client(), candidates, { doing: 'listing tags' }));
  const name = canonicalName({ domain: found.name.domain, path: found.name.path });
  const tags = found.tags.slice(0, limitOf(options));
  if (isJsonFormat(options['format'] as string | undefined)) return printJson([{ Name: name, Tags: tags }]);
  print(await renderListing({
    name: 'search', rows: tags.map((tag) => ({ Name: name, Tag: tag })), format: options['format'] as string | undefined, typeName: 'registry.listTags',
    headers: { Name: 'NAME', Tag: 'TAG' }, defaultFormat: 'table {{.Name}}\t{{.Tag}}',
  }));
}
