/**
 * Makes dist/: the whole program as a few CommonJS packs, of which a command loads those it needs, and V8's compiled form of
 * each. A process then reads little and compiles nothing.
 *
 *   skiff.cjs                  the entry: finds modules in packs; the only name that others know
 *   skiff-<id>-<pack>.js       a pack: functions, one for each chunk that esbuild made. <id> is a digest of all of them
 *   skiff-<id>-for-<verb>.js   the pack that one verb needs instead of all others (roles.cjs)
 *   skiff-<id>-<pack>.js.map   source map (node --enable-source-maps)
 *   skiff-<id>-<pack>.<arch>-<node>.cache   V8's code cache, for one version of Node: any other one compiles as ever
 *
 * CommonJS and not ESM, because Node's ESM loader costs 3.5 ms more. The names carry the digest, so that a cache can never meet
 * another text (V8 compares only lengths), and a command that starts during a build finds old or new, never a mixture.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { packOf, registry, roles } from './roles.cjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const dist = join(root, 'dist');

/** What stays outside: native code, loaded from node_modules by who needs it. */
const external = ['node-pty'];

/**
 * The packs, and the modules that fill each with themselves and all they import at once. A chunk goes to the first pack that reaches it;
 * what none reaches goes to "rest". First what every command needs, then what those need that only look, then a container's end, then its life, then pulls and pushes, then the workers that unpack and pack layers.
 */
const packs = {
  main: [/^src\/main\.ts$/, /^src\/host\/config\/index\.ts$/],
  look: [/^src\/cli\/commands\/container\/ps(\.run)?\.ts$/, /^src\/cli\/commands\/image\/list(\.run)?\.ts$/],
  end: [/^src\/cli\/commands\/container\/(stop|kill|wait|rm|cleanup)(\.run)?\.ts$/],
  life: [/^src\/cli\/commands\/container\/(run|start|exec)(\.run)?\.ts$/],
  pull: registry,
  push: [/^src\/cli\/commands\/image\/push(\.run)?\.ts$/],
  work: [/^src\/cli\/commands\/system\/worker(\.run)?\.ts$/, /^src\/storage\/(un)?pack-worker\.ts$/],
};

/**
 * What commands of both packs need is a pack of its own: else `run` would load how listings are made, `stop` how containers are started, a
 * pull both, and a worker all that surrounds the little it shares with others. The first line that fits counts.
 */
const common = [
  ['ground', 'work', 'look'], ['ground', 'work', 'life'], ['plain', 'work', 'pull'], ['plain', 'work', 'push'],
  ['base', 'look', 'life'], ['shown', 'look', 'pull'], ['change', 'life', 'pull'], ['clear', 'end', 'life'],
];

/** esbuild's chunks, name -> { text, imports, entryPoint }. */
async function chunks() {
  const result = await build({
    entryPoints: [join(root, 'src', 'main.ts')],
    absWorkingDir: root,
    outdir: dist,
    entryNames: '[name]-[hash]',
    chunkNames: '[hash]',
    bundle: true,
    write: false,
    metafile: true,
    splitting: true, // a chunk for each late import, and for each set of modules that several of them share
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external,
    define: { 'import.meta.url': 'bundleUrl', 'import.meta.dirname': '__dirname', 'import.meta.addon': 'addon' },
    minifySyntax: true,
    minifyWhitespace: true,
    minifyIdentifiers: true,
    sourcemap: 'inline',
    sourcesContent: false,
    legalComments: 'none',
    charset: 'ascii', // so that V8 keeps it as one byte a character, and reading it needs no decoder
    logLevel: 'warning',
  });
  const found = new Map();
  for (const file of result.outputFiles) {
    const { imports, entryPoint } = result.metafile.outputs[`dist/${basename(file.path)}`];
    found.set(basename(file.path), { text: file.text, entryPoint, imports: imports.filter(({ external: outside, kind }) => outside !== true && kind === 'import-statement').map(({ path }) => basename(path)) });
  }
  return found;
}

/** All chunks that `name` imports at once, itself included. */
function closure(all, name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const next of all.get(name).imports) closure(all, next, seen);
  return seen;
}

/** @throws where a chunk could see another before that one's end. */
function assertNoCycle(all) {
  const done = new Set();
  const visit = (name, path) => {
    if (path.includes(name)) throw new Error(`chunks import each other: ${[...path.slice(path.indexOf(name)), name].join(' -> ')}`);
    if (done.has(name)) return;
    for (const next of all.get(name).imports) visit(next, [...path, name]);
    done.add(name);
  };
  for (const name of all.keys()) visit(name, []);
}

/** The chunks of the modules that fit one of `patterns`, with all that these import at once. */
function reach(all, patterns) {
  const found = new Set();
  for (const [name, { entryPoint }] of all) {
    if (entryPoint !== undefined && patterns.some((pattern) => pattern.test(entryPoint))) for (const chunk of closure(all, name)) found.add(chunk);
  }
  return found;
}

/** Chunk -> pack. */
function assign(all) {
  const where = new Map();
  const reached = new Map();
  for (const [pack, patterns] of Object.entries(packs)) {
    const chunksOf = reach(all, patterns);
    for (const chunk of chunksOf) if (!where.has(chunk)) where.set(chunk, pack);
    reached.set(pack, chunksOf);
  }
  for (const [chunk, pack] of where) {
    const shared = pack === 'main' ? undefined : common.find(([, ...both]) => both.every((one) => reached.get(one).has(chunk)));
    if (shared !== undefined) where.set(chunk, shared[0]);
  }
  for (const name of all.keys()) if (!where.has(name)) where.set(name, 'rest');
  return where;
}

/** ESM to CommonJS. import() becomes require(): a vm.Script has no import() of its own. */
async function toCommonJS(text) {
  const { code, map } = await transform(text, {
    format: 'cjs', platform: 'node', target: 'node20', supported: { 'dynamic-import': false }, minifySyntax: true, minifyWhitespace: true,
    charset: 'ascii', sourcemap: 'external', sourcesContent: false, logLevel: 'warning',
  });
  return { code: code.trimEnd(), map: JSON.parse(map) };
}

const base64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Source map mappings whose first line begins `columns` further left. Only the line's first column is absolute, the others count from it. */
function shiftLeft(mappings, columns) {
  let value = 0;
  let length = 0;
  for (let digit = 32; (digit & 32) !== 0 && /[^;,]/.test(mappings[length] ?? ';'); length++) {
    digit = base64.indexOf(mappings[length]);
    value |= (digit & 31) << (5 * length);
  }
  if (length === 0 || columns === 0) return mappings; // nothing of the first line is mapped
  const column = (value >> 1) - columns; // a column is never negative: no sign bit
  let digits = '';
  for (let rest = Math.max(0, column) << 1, first = true; first || rest > 0; first = false) {
    digits += base64[(rest & 31) | (rest > 31 ? 32 : 0)];
    rest >>= 5;
  }
  return digits + mappings.slice(length);
}

/**
 * esbuild puts its helpers in front of each chunk, a fifth of the whole. Behind them each export becomes a getter, twice, which costs a command
 * two milliseconds and each call another; here they are assigned at the chunk's end. That is the same where nothing that is exported changes later
 * (no `export let`; the linter sees to it) and no chunk imports itself on a roundabout way (assertNoCycle).
 */
const exportsOf = /var stdin_exports=\{\};(?:__export\(stdin_exports,\{([^{}]*)\}\);)?module\.exports=__toCommonJS\(stdin_exports\);/;
const declared = (helpers) => [...helpers.matchAll(/(?:var |,)(__\w+)=/g)].map(([, name]) => name);

/** A chunk's helpers, the length of what stands before its own text, and the assignments. */
function takeApart({ name, code }) {
  const found = exportsOf.exec(code);
  if (found === null) {
    if (code.includes('stdin_exports')) throw new Error(`${name}: not the form of exports that is known of esbuild`);
    return { helpers: '', head: 0, assignments: '' }; // a CommonJS module, or one that exports nothing
  }
  const names = (found[1] ?? '').split(',').filter((entry) => entry !== '').map((entry) => {
    const [, exported, local] = /^([\w$]+):\(\)=>([\w$.]+)$/.exec(entry) ?? [];
    if (local === undefined) throw new Error(`${name}: not the form of an export that is known of esbuild: ${entry}`);
    return `,${exported}:${local}`;
  });
  // At once, so that V8 makes one shape and not one for each.
  return { helpers: code.slice(0, found.index), head: found.index + found[0].length, assignments: `;module.exports={__esModule:!0${names.join('')}};` };
}

/** One pack's text and its source map, an index map with a section for each chunk. The helpers stand once, in front; the table of packs, where there is one, last. */
async function makePack(all, names, table) {
  const parts = await Promise.all(names.map(async (name) => {
    const part = { name, ...(await toCommonJS(all.get(name).text)) };
    return { ...part, ...takeApart(part) };
  }));
  const helpers = parts.reduce((longest, part) => (part.helpers.length > longest.length ? part.helpers : longest), '');
  const there = new Set(declared(helpers));
  let text = `(function(define,bundleUrl,__dirname,addon){'use strict';${helpers}\n`;
  const sections = [];
  for (const part of parts) {
    const own = declared(part.helpers).every((helper) => there.has(helper)) ? '' : part.helpers;
    text += `define(${JSON.stringify(`./${part.name}`)},function(exports,require,module){\n`;
    sections.push({ offset: { line: text.split('\n').length - 1, column: 0 }, map: { ...part.map, mappings: shiftLeft(part.map.mappings, part.head - own.length) } });
    text += `${own}${part.code.slice(part.head)}${part.assignments}\n});\n`;
  }
  if (table !== undefined) text += `define("packs",function(exports,require,module){module.exports=${JSON.stringify(table)}});\n`;
  return { text: `${text}})`, map: JSON.stringify({ version: 3, sources: [], sections }) }; // Node 20 reads sections, but insists on sources
}

function writeWhole(name, data) {
  const temporary = join(dist, `.${name}.${process.pid}`);
  writeFileSync(temporary, data);
  renameSync(temporary, join(dist, name));
}

/** Removes what earlier builds left, but not what a process that has just started may be about to read. */
function sweep(id) {
  for (const name of readdirSync(dist)) {
    if (!name.startsWith('skiff-') || name.startsWith(`skiff-${id}-`)) continue;
    const path = join(dist, name);
    if (Date.now() - statSync(path).mtimeMs > 600_000) rmSync(path, { force: true });
  }
}

mkdirSync(dist, { recursive: true });
const all = await chunks();
assertNoCycle(all);
const where = assign(all);
const made = new Map();
/** A command begins with the pack of its role or with "main", and finds the others by that one's table. */
const packOfChunk = Object.fromEntries([...where].map(([name, pack]) => [`./${name}`, pack]));
for (const pack of [...new Set([...Object.keys(packs), ...common.map(([name]) => name), 'rest'])]) {
  made.set(pack, await makePack(all, [...where].filter(([, at]) => at === pack).map(([name]) => name), pack === 'main' ? packOfChunk : undefined));
}
for (const [role, { modules }] of Object.entries(roles)) made.set(packOf(role), await makePack(all, [...reach(all, [...packs.main, ...modules])], packOfChunk));
const id = createHash('sha256').update([...made.values()].map(({ text }) => text).join('\0')).digest('hex').slice(0, 16);
for (const [pack, { text, map }] of made) {
  const name = `skiff-${id}-${pack}.js`;
  writeWhole(name, `${text}\n//# sourceMappingURL=${name}.map`);
  writeWhole(`${name}.map`, map);
}
const start = [...all].find(([, { entryPoint }]) => entryPoint === 'src/main.ts')[0];
const packOfVerb = Object.fromEntries(Object.keys(roles).map((role) => [role, packOf(role)]));
const loader = readFileSync(join(root, 'helpers', 'build', 'loader.cjs'), 'utf8');
writeWhole('skiff.cjs', loader.replace("'@ID@'", `'${id}'`).replace("'@START@'", `'./${start}'`).replace("'@VERBS@'", JSON.stringify(packOfVerb)));
// In a process of its own: what it runs must not be mixed with what esbuild leaves behind, and it needs a clean environment.
const cached = spawnSync(process.execPath, [join(root, 'helpers', 'build', 'code-cache.cjs'), join(dist, 'skiff.cjs'), '--strict'], {
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { PATH: process.env.PATH ?? '' },
});
if (cached.status !== 0) throw new Error(`the code caches could not be made (exit code ${cached.status ?? cached.signal})`);
sweep(id);
