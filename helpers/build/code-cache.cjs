/**
 * code-cache.cjs ENTRY [--strict]: loads all packs and modules, runs the commands that everybody runs against a store of its own, and writes
 * what V8 has compiled by then beside each pack; the same once more for each role (roles.cjs), in a process of its own that runs nothing else.
 * Functions that none of them reaches are compiled when needed.
 *
 * Run by the build, and at installation, where Node may be another than the one that built the package. Without ENTRY there is nothing to
 * do yet: a fresh clone is installed before it is built. --strict: the build's own, in which a command that does not come as far as it
 * should is an error; at an installation it is a line on stderr.
 */
'use strict';
const { spawnSync } = require('child_process');
const fs = require('fs');
const { closeSync, existsSync, fsyncSync, mkdtempSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } = fs;
const { tmpdir } = require('os');
const { dirname, join, resolve } = require('path');
const { setFlagsFromString } = require('v8');
const { packOf, roles } = require('./roles.cjs');
const { isInstalled, pretendAddon, pretendEntered, pretendLayers, train, writeStore } = require('./training.cjs');

const entry = resolve(process.argv[2] ?? '');
const strict = process.argv[3] === '--strict';
if (!existsSync(entry)) process.exit(0);
/** Told by the process that trains all to those that train one role, with the folder that stands for the user's home. */
const { SKIFF_TRAINING_ROLE: role, SKIFF_TRAINING_HOME: given } = process.env;
const home = given ?? mkdtempSync(join(tmpdir(), 'skiff-build-'));
// The addon may not be there yet, and crun need not be: then the functions of a container's life are all compiled, unseen.
const addon = join(entry, '..', '..', 'helpers', 'bin', 'sys.node');
const trains = existsSync(addon) && ['crun', 'runc'].some(isInstalled);

const looks = [['--version'], ['--help'], ['run', '--help'], ['inspect', 'none']];

/** Has all functions compiled of what is loaded meanwhile. The flag is put back, because V8 refuses a cache made under other flags than the reader's. */
function unseen(load) {
  setFlagsFromString('--no-lazy');
  try {
    return load();
  } finally {
    setFlagsFromString('--lazy');
  }
}

/** Nobody wants to read what the commands say, unless something goes wrong. */
async function muted(work) {
  const { writeSync } = fs;
  let said = '';
  fs.writeSync = (fd, data, ...rest) => {
    if (fd !== 1 && fd !== 2) return writeSync(fd, data, ...rest);
    said += String(data);
    return Buffer.byteLength(data);
  };
  try {
    await work(() => said);
  } catch (error) {
    if (strict) throw error;
    // An installation is no poorer for it than by some milliseconds.
    console.error(`skiff: commands were not compiled ahead: ${error.message}`);
  } finally {
    fs.writeSync = writeSync;
  }
}

async function trainAll() {
  // V8 would put into the new cache what an older one holds.
  for (const name of readdirSync(dirname(entry))) if (name.endsWith(`.${process.arch}-${process.version}.cache`)) rmSync(join(dirname(entry), name), { force: true });
  const { main, scripts, load, requireChunk, packOfChunk } = require(entry);
  // What is not played below is all compiled, unseen, where it matters (7 ms of a run).
  const blind = trains ? ['ground', 'plain', 'work'] : ['change', 'clear', 'end', 'ground', 'life', 'plain', 'pull', 'push', 'work'];
  for (const pack of new Set(Object.values(packOfChunk))) {
    if (scripts[pack] !== undefined) continue;
    if (blind.includes(pack)) unseen(() => load(pack));
    else load(pack);
  }
  writeStore(home);
  await muted(async (said) => {
    for (const argv of looks) await main(argv); // never throws; an exit code (no such container) is of no interest here
    if (trains) for (const one of Object.values(roles)) await train(main, one, { name: 't', said });
  });
  // While the container of this process "runs".
  for (const one of Object.keys(roles)) trainApart(one);
  for (const [name, pack] of Object.entries(packOfChunk)) if (pack !== 'rest') requireChunk(name);
  Object.values(scripts).forEach(writeCache);
}

function trainApart(one) {
  const { status, signal } = spawnSync(process.execPath, process.argv.slice(1), { stdio: 'inherit', env: { ...process.env, SKIFF_TRAINING_ROLE: one, SKIFF_TRAINING_HOME: home } });
  if (status !== 0) throw new Error(`the code cache of ${one} could not be made (${status ?? signal})`);
}

async function trainRole() {
  process.argv = [process.execPath, entry, role]; // what the loader goes by
  if (roles[role].layers === true && trains) pretendLayers(home, addon);
  const { main, scripts } = trains ? require(entry) : unseen(() => require(entry));
  await muted(async (said) => { if (trains) await train(main, roles[role], { name: role, said }); });
  writeCache(scripts[packOf(role)]);
}

/** On the disk before it has its name: V8 trusts the bytes, and half of them, after a power cut, would crash every command. */
function writeCache({ script, cache }) {
  const temporary = `${cache}.${process.pid}`;
  const fd = openSync(temporary, 'w', 0o644);
  writeFileSync(fd, script.createCachedData());
  fsyncSync(fd);
  closeSync(fd);
  renameSync(temporary, cache);
}

async function work() {
  delete process.env.SKIFF_TRAINING_ROLE;
  delete process.env.SKIFF_TRAINING_HOME;
  Object.assign(process.env, { HOME: home, XDG_RUNTIME_DIR: home, XDG_DATA_HOME: join(home, 'data'), XDG_CONFIG_HOME: join(home, 'config') });
  pretendEntered(home);
  const endChildren = pretendAddon();
  try {
    await (role === undefined ? trainAll() : trainRole());
  } finally {
    endChildren();
    if (role === undefined) rmSync(home, { recursive: true, force: true });
  }
}

work().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
