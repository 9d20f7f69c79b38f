/** What must hold of every command spec, and how they stand to Podman's options. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { commands } from '../../../src/cli/commands/index.ts';
import { groups } from '../../../src/cli/commands/groups.ts';
import { loadSpecs } from '../../../src/cli/generate/load-specs.ts';
import { globalOptions, versionOption } from '../../../src/cli/globals.ts';
import { peerVerbGaps, peerGap, peerGaps } from '../../../src/cli/peer-gaps.ts';
import type { CommandSpec } from '../../../src/cli/spec.ts';
import { projectRoot } from '../../helpers/world.ts';

interface PeerOption { name: string; short?: string; value?: string }
const peer = JSON.parse(readFileSync(join(projectRoot(), 'test', 'fixtures', 'podman-options.json'), 'utf8')) as { commands: Record<string, PeerOption[]> };
const built = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'src', 'cli', 'commands');
const specs = (await loadSpecs(built, join(projectRoot(), 'src', 'cli', 'commands'))).map(({ spec }) => spec);
const visible = specs.filter((spec) => spec.hidden !== true);
const nameOf = (spec: CommandSpec): string => spec.path.join(' ');

test('the table of commands tells what the specs say', async (t) => {
  t.deepEqual(commands.map((entry) => entry.path.join(' ')), specs.map(nameOf));
  for (const entry of commands) {
    const spec = await entry.load();
    t.deepEqual([entry.path, entry.aliases, entry.summary, entry.hidden], [spec.path, spec.aliases ?? [], spec.summary, spec.hidden === true], nameOf(spec));
  }
});

test('a command of Podman\'s is one of skiff\'s too, or it is told why not', (t) => {
  const own = new Set(specs.flatMap((spec) => [spec.path, ...(spec.aliases ?? [])]).flatMap((path) => path.map((_, at) => path.slice(0, at + 1).join(' '))));
  const lacking = Object.entries(peerVerbGaps).flatMap(([path, gaps]) => Object.keys(gaps).map((word) => `${path} ${word}`.trim()));
  t.deepEqual(lacking.filter((name) => own.has(name)), []);
  // What a missing group has is missing with it.
  const missing = Object.keys(peer.commands).filter((name) => !own.has(name) && !lacking.some((one) => name === one || name.startsWith(`${one} `)));
  t.deepEqual(missing, []);
  t.deepEqual(lacking.filter((name) => !Object.keys(peer.commands).some((one) => one === name || one.startsWith(`${name} `))), []);
});

test('every group has a summary', (t) => {
  const nouns = new Set(visible.flatMap((spec) => [spec.path, ...(spec.aliases ?? [])]).filter((path) => path.length > 1).map((path) => path.slice(0, -1).join(' ')));
  for (const noun of nouns) t.true(groups.some((group) => group.path.join(' ') === noun), noun);
});

for (const spec of specs) {
  const name = nameOf(spec);
  const options = spec.options ?? [];

  test(`options of skiff ${name} have names and letters of their own`, (t) => {
    const names = options.flatMap((option) => [option.name, ...(option.aliases ?? [])]);
    t.deepEqual(names.filter((option, i) => names.indexOf(option) !== i), []);
    const letters = options.flatMap((option) => option.short ?? []);
    t.deepEqual(letters.filter((letter, i) => letters.indexOf(letter) !== i), []);
    t.false(names.includes('help'));
  });

  test(`texts of skiff ${name} are written as the others`, (t) => {
    for (const text of [spec.summary, ...options.map((option) => option.help)]) {
      t.notRegex(text, /\.$/, 'no final period');
      t.notRegex(text, /\n/);
      t.true(text === '' || !/^[a-z]/.test(text) || /^[a-z-]+[,=]/.test(text), `begins with a capital: ${text}`);
    }
    for (const paragraph of spec.description ?? []) t.regex(paragraph, /[.:]$/, paragraph);
    for (const option of options) {
      if (option.kind === 'bool') t.is(option.value, undefined, `--${option.name} is a bool and takes no value`);
      if (option.short !== undefined) t.is(option.short.length, 1);
      if (option.bare !== undefined) t.is(option.kind, 'string');
    }
  });

  test(`arguments of skiff ${name} are in an order that can be parsed`, (t) => {
    const args = spec.args ?? [];
    t.true(args.every((arg, i) => arg.rest !== true || i === args.length - 1), 'only the last takes the rest');
    t.true(args.every((arg, i) => arg.required !== true || i === 0 || args[i - 1]?.required === true), 'no required one after an optional one');
  });
}

for (const spec of visible) {
  const name = nameOf(spec);
  const theirs = peer.commands[name] ?? (spec.aliases ?? []).map((path) => peer.commands[path.join(' ')]).find((options) => options !== undefined);
  if (theirs === undefined) continue; // a command of ours alone
  const find = (option: string) => (spec.options ?? []).find((own) => own.name === option || own.aliases?.includes(option) === true);

  test(`skiff ${name} has the peer's options, or the reason why not`, (t) => {
    const wrong = theirs.flatMap((option) => {
      const known = find(option.name) !== undefined;
      const gap = peerGap(name, option.name) !== undefined;
      return known === gap ? [`--${option.name} is ${known ? 'there and in peer-gaps.ts as well' : 'neither there nor in peer-gaps.ts'}`] : [];
    });
    t.deepEqual(wrong, []);
  });

  test(`options of skiff ${name} have the peer's letters and take values as the peer's do`, (t) => {
    const wrong = theirs.flatMap((option) => {
      const own = find(option.name);
      if (own === undefined) return [];
      return [
        ...(option.short !== undefined && own.short !== option.short ? [`--${option.name} is not -${option.short}`] : []),
        ...((own.kind !== 'bool') !== (option.value !== undefined) ? [`--${option.name} takes a value in one only`] : []),
        // pflag shows the value of an option that stands alone in brackets: string[="true"].
        ...((own.bare !== undefined) !== (option.value?.includes('[=') === true) ? [`--${option.name} may stand without its value in one only`] : []),
        ...((option.value === 'strings' || option.value === 'stringArray') && own.kind !== 'list' ? [`--${option.name} may be repeated`] : []),
        ...(option.value === 'strings' && own.commas !== true ? [`--${option.name} takes several values, separated by commas`] : []),
        // A filter has commas in some commands of the peer and not in others: here it always does.
        ...(option.value === 'stringArray' && own.commas === true && option.name !== 'filter' ? [`--${option.name} keeps commas in its values`] : []),
      ];
    });
    t.deepEqual(wrong, []);
  });
}

test('peer-gaps.ts names only options that the peer has', (t) => {
  for (const [commands, gaps] of Object.entries(peerGaps)) {
    for (const command of commands.split('|').filter((word) => word !== '*')) {
      const theirs = peer.commands[command];
      t.truthy(theirs, command);
      t.deepEqual(Object.keys(gaps).filter((option) => theirs?.some(({ name }) => name === option) !== true), [], command);
    }
  }
});

test('no verb takes a global option\'s name for something else without need', (t) => {
  const globals = new Set(globalOptions.map(({ name }) => name));
  for (const spec of visible) for (const { name } of spec.options ?? []) t.false(globals.has(name), `skiff ${nameOf(spec)} --${name}`);
  t.is(versionOption.short, 'v');
});
