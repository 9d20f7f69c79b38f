import { readFileSync } from 'node:fs';
import { policyFile, readPolicy } from '../../../image/trust/require.ts';
import { trustRows } from '../../../image/trust/show.ts';
import type { Policy } from '../../../image/trust/policy.ts';
import { wrap } from '../../../lib/errors.ts';
import { renderListing } from '../../listing.ts';
import { print, printJson } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { printable } from './_store.ts';

/** What applies where there is no file. */
const none: Policy = { default: [{ type: 'insecureAcceptAnything' }], transports: new Map() };

export async function run({ options }: Invocation): Promise<void> {
  const file = (options['policypath'] as string | undefined) ?? policyFile();
  if (options['raw'] === true) {
    if (file !== undefined) print(readText(file));
    else printJson({ default: none.default });
    return;
  }
  const rows = trustRows(file === undefined ? none : readPolicy(file));
  if (options['json'] === true) {
    printJson(rows.map(({ transport, name, repoName, type }) => ({ transport, ...(name !== '' && { name, repo_name: repoName }), type })), 2);
    return;
  }
  // ID and STORE tell of keys and of where signatures are kept: of requirements that nothing passes here.
  print(await renderListing({
    name: 'image trust show', format: undefined, noHeading: options['noheading'] === true,
    rows: rows.map(({ transport, repoName, type }) => ({ Transport: printable(transport), RepoName: printable(repoName), Type: type, GPGId: '', SignatureStore: '' })),
    defaultFormat: 'table {{.Transport}}\t{{.RepoName}}\t{{.Type}}\t{{.GPGId}}\t{{.SignatureStore}}',
    headers: { Transport: 'TRANSPORT', RepoName: 'NAME', Type: 'TYPE', GPGId: 'ID', SignatureStore: 'STORE' },
  }));
}

function readText(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw wrap(error, 'read trust policy');
  }
}
