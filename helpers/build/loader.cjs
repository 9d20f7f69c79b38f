'use strict';
// The entry of the installed program, filled in by bundle.mjs. A cache that is missing or refused costs time, nothing else. Its name
// tells processor and version of Node, because V8 compares only its own version number, which several Nodes share.
const { readFileSync } = require('fs');
const { Script } = require('vm');
const id = '@ID@';
const packOfVerb = '@VERBS@'; // has all that the verb needs as a rule
const bundleUrl = 'file://' + encodeURI(__filename).replace(/[?#]/g, encodeURIComponent);
const definitions = new Map();
const modules = new Map();
const scripts = {};
let addon; // src/host/sys.ts's, loaded here for who needs it anyway

/** A file of ASCII, by the addon as the page cache holds it. */
function textOf(path) {
  return addon?.mapText(path) ?? readFileSync(path).latin1Slice();
}

function bytesOf(path) {
  return addon?.mapBytes(path) ?? readFileSync(path);
}

function load(pack) {
  const file = `${__dirname}/skiff-${id}-${pack}`;
  const source = textOf(file + '.js');
  if (process.execArgv.includes('--enable-source-maps')) {
    // Node maps the stacks of modules, not of scripts.
    const pretender = new module.constructor(file);
    pretender._compile('module.exports=' + source, file + '.js');
    return begin(pretender.exports);
  }
  const cache = `${file}.${process.arch}-${process.version}.cache`;
  let cachedData;
  try {
    cachedData = bytesOf(cache);
  } catch {}
  const script = new Script(source, { filename: file + '.js', cachedData });
  scripts[pack] = { script, cache };
  begin(script.runInThisContext());
}

function begin(pack) {
  pack((name, definition) => definitions.set(name, definition), bundleUrl, __dirname, addon);
}

/** Built-in modules that cost a millisecond or more to load and that few commands use, though many modules import them. */
const lateBuiltins = /^node:(?:crypto|zlib|net|os|https|tls|timers\/promises)$/;

/**
 * What inherits the members of such a module, which is loaded at the first look at one. esbuild's copies for `import *` and import() inherit
 * them, too; what they look at is no member of a built-in module.
 */
function late(name) {
  const members = new Proxy({}, { get: (_, member) => (member === '__esModule' ? undefined : require(name)[member]) });
  return { exports: Object.create(members) };
}

function requireChunk(name) {
  const known = modules.get(name);
  if (known !== undefined) return known.exports;
  let definition = definitions.get(name);
  if (definition === undefined && name.startsWith('./')) {
    load(requireChunk('packs')[name]);
    definition = definitions.get(name);
  }
  if (definition === undefined) {
    if (!lateBuiltins.test(name)) return require(name);
    modules.set(name, late(name));
    return modules.get(name).exports;
  }
  const module = { exports: {} };
  modules.set(name, module);
  definition(module.exports, requireChunk, module);
  return module.exports;
}

/** The first word that is no option and, as far as can be told here, no option's value. A wrong guess costs time, nothing else. */
function verb() {
  const words = process.argv;
  for (let at = 2; at < words.length; at++) {
    if (words[at].startsWith('-')) at += words[at].includes('=') ? 0 : 1;
    else return words[at];
  }
  return '';
}

/** Where it fails, src/host/sys.ts says so to who can't do without. */
function loadAddon() {
  const module = { exports: {} };
  try {
    process.dlopen(module, `${process.env.SKIFF_HELPERS_DIR ?? `${__dirname}/../helpers/bin`}/sys.node`);
    addon = module.exports;
  } catch {}
}

const role = verb();
const ofRole = Object.hasOwn(packOfVerb, role);
if (ofRole) loadAddon();
load(ofRole ? packOfVerb[role] : 'main');
const { start, main } = requireChunk('@START@');
if (require.main === module) start();
else module.exports = { main, scripts, load, requireChunk, packOfChunk: requireChunk('packs') };
