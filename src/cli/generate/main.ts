/**
 * `npm run generate`: writes everything that is made from the specs. `--check` writes nothing and fails where a file on
 * disk differs. Nothing of it is edited by hand. The specs are found by looking into src/cli/commands, as built.
 * `--only PREFIX` keeps to the files whose name begins so ("src/", for a new command while the rest is in the making).
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolders } from '../../host/make-folders.ts';
import { join } from '../../lib/paths.ts';
import { completionScript } from '../completion-scripts.ts';
import { commandTable } from './command-table.ts';
import { loadSpecs } from './load-specs.ts';
import { manPages } from './man.ts';
import { mountPointsHeader } from './mount-points-header.ts';
import { verbsHeader } from './verbs-header.ts';

/** The nearest folder upwards that holds package.json: this file lies in a build folder of any name. */
function projectRoot(): string {
  let at = dirname(fileURLToPath(import.meta.url));
  while (!readdirSync(at).includes('package.json')) {
    if (dirname(at) === at) throw new Error('no package.json above this file');
    at = dirname(at);
  }
  return at;
}

/** package.json with its list of man pages: npm links those where it installs, and no longer looks into a folder for them. */
function withManPages(text: string, names: readonly string[]): string {
  const manifest = { ...JSON.parse(text) as Record<string, unknown>, man: names.map((name) => `man/${name}`) };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

async function main(args: readonly string[]): Promise<number> {
  const check = args.includes('--check');
  const root = projectRoot();
  const loaded = await loadSpecs(join(dirname(fileURLToPath(import.meta.url)), '..', 'commands'), join(root, 'src', 'cli', 'commands'));
  const specs = loaded.map(({ spec }) => spec);
  const pages = [...manPages(specs)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const files = new Map<string, string>([
    ['src/cli/commands/index.ts', commandTable(loaded)],
    ['helpers/verbs.h', verbsHeader(specs)],
    ['helpers/mount-points.h', mountPointsHeader()],
    ['completions/skiff.bash', completionScript('bash')],
    ['completions/_skiff', completionScript('zsh')],
    ['completions/skiff.fish', completionScript('fish')],
    ...pages.map(([name, text]) => [`man/${name}`, text] as const),
    ['package.json', withManPages(readFileSync(join(root, 'package.json'), 'utf8'), pages.map(([name]) => name))],
  ]);
  const only = args.includes('--only') ? (args[args.indexOf('--only') + 1] ?? '') : '';
  const stale: string[] = [];
  for (const [name, text] of files) {
    if (!name.startsWith(only)) continue;
    const path = join(root, name);
    let now: string | undefined;
    try {
      now = readFileSync(path, 'utf8');
    } catch {
      now = undefined; // not there yet: to be written, or stale
    }
    if (now === text) continue;
    stale.push(name);
    if (check) continue;
    makeFolders(dirname(path));
    writeFileSync(path, text);
  }
  for (const folder of ['man', 'completions'].filter((name) => name.startsWith(only))) {
    let names: string[] = [];
    try {
      names = readdirSync(join(root, folder));
    } catch {
      continue; // nothing generated there yet
    }
    for (const name of names.filter((entry) => !files.has(`${folder}/${entry}`))) {
      stale.push(`${folder}/${name} (no longer generated)`);
      if (!check) rmSync(join(root, folder, name));
    }
  }
  for (const name of stale) console.error(`${check ? 'not current' : 'written'}: ${name}`);
  if (check && stale.length > 0) console.error('run: npm run generate');
  return check && stale.length > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
