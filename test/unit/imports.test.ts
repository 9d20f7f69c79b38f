import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import test from 'ava';
import { projectRoot } from '../helpers/world.ts';

/** The picture at the head of the architecture: a folder may import a lower number, or itself. */
const levels: Readonly<Record<string, number>> = {
  lib: 0, oci: 0.5, // oci knows lib's errors, lib knows nothing
   host: 1, storage: 2, volume: 2, secret: 2, network: 2, runtime: 2, registry: 3, image: 4, container: 5, pod: 6, build: 7, kube: 7, systemd: 7, cli: 8,
};
const src = join(projectRoot(), 'src');

function files(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? files(path) : path.endsWith('.ts') ? [path] : [];
  });
}

/** All module names that a file imports, static, type-only and late alike. */
function imports(file: string): string[] {
  const text = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '');
  return [...text.matchAll(/(?:^|[\s;])(?:import|export)\s[^'";]*?from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)|^import\s+'([^']+)'/gm)].map((m) => m[1] ?? m[2] ?? m[3] ?? '');
}

test('every folder of src/ stands in the picture', (t) => {
  for (const name of readdirSync(src)) {
    if (statSync(join(src, name)).isDirectory()) t.true(name in levels, `src/${name} has no level`);
  }
});

test('imports go downward only', (t) => {
  const wrong: string[] = [];
  for (const file of files(src)) {
    const from = relative(src, file).split('/')[0] ?? '';
    if (from === 'main.ts') continue;
    for (const name of imports(file).filter((n) => n.startsWith('.'))) {
      const to = relative(src, resolve(file, '..', name)).split('/')[0] ?? '';
      if (to !== from && (levels[to] ?? 99) >= (levels[from] ?? -1)) wrong.push(`${relative(src, file)}: ${from} [${levels[from]}] imports ${to} [${levels[to]}]`);
    }
  }
  t.deepEqual(wrong, []);
});

test('files named _x.ts are imported by their own folder only', (t) => {
  const wrong: string[] = [];
  for (const file of files(src)) {
    for (const name of imports(file).filter((n) => /\/_[^/]+$/.test(n))) {
      if (resolve(file, '..', name, '..') !== resolve(file, '..')) wrong.push(`${relative(src, file)} imports ${name}`);
    }
  }
  t.deepEqual(wrong, []);
});

test('programs and the addon are touched by host/ alone', (t) => {
  const wrong = files(src).filter((file) => {
    const folder = relative(src, file).split('/')[0];
    if (folder === 'host') return false;
    return imports(file).some((name) => name === 'node:child_process' || name === 'child_process' || name.endsWith('/host/sys.ts'));
  });
  t.deepEqual(wrong.map((file) => relative(src, file)), []);
});

test('no import cycles', (t) => {
  const graph = new Map<string, string[]>();
  for (const file of files(src)) {
    const text = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '');
    const now = [...text.matchAll(/^(?:import|export)\s(?!type\s)[^'";]*?from\s*'(\.[^']+)'/gm)].map((m) => resolve(file, '..', m[1] ?? ''));
    graph.set(file, now);
  }
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) { cycles.push([...path.slice(path.indexOf(file)), file].map((f) => relative(src, f)).join(' -> ')); return; }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  t.deepEqual(cycles, []);
});
