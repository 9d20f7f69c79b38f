/**
 * code-cache.cjs ENTRY [--strict]: loads all packs and modules, runs the commands that everybody runs against a store of its own, and writes
 * what V8 has compiled by then beside each pack. Functions that none of them reaches are compiled when needed.
 *
 * Run by the build, and at installation, where Node may be another than the one that built the package. Without ENTRY there is nothing to
 * do yet: a fresh clone is installed before it is built. --strict: the build's own, in which a command that does not come as far as it
 * should is an error; at an installation it is a line on stderr.
 */
'use strict';
const fs = require('fs');
const { closeSync, existsSync, fsyncSync, mkdtempSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } = fs;
const { tmpdir } = require('os');
const { dirname, join, resolve } = require('path');
const { setFlagsFromString } = require('v8');
const { pretendAddon, pretendEntered, train } = require('./training.cjs');

const entry = resolve(process.argv[2] ?? '');
if (!existsSync(entry)) process.exit(0);
// V8 would put into the new cache what an older one holds.
for (const name of readdirSync(dirname(entry))) if (name.endsWith(`.${process.arch}-${process.version}.cache`)) rmSync(join(dirname(entry), name), { force: true });
const home = mkdtempSync(join(tmpdir(), 'skiff-build-'));
Object.assign(process.env, { HOME: home, XDG_RUNTIME_DIR: home, XDG_DATA_HOME: join(home, 'data'), XDG_CONFIG_HOME: join(home, 'config') });
// The addon may not be there yet, and crun need not be: then the functions of a container's life are all compiled, unseen.
const trains = existsSync(join(entry, '..', '..', 'helpers', 'bin', 'sys.node')) && ['crun', 'runc'].some((name) => (process.env.PATH ?? '').split(':').some((dir) => existsSync(join(dir, name))));

const commands = [['--version'], ['--help'], ['run', '--help'], ['ps'], ['ps', '-a', '--format', 'json'], ['images'], ['inspect', 'none']];

async function work() {
  pretendEntered(home);
  const endChildren = pretendAddon();
  const { main, scripts, load, requireChunk, late } = require(entry);
  // What is not played below is all compiled, unseen, where it matters (7 ms of a run). The flag is put back, because V8 refuses a cache
  // made under other flags than the reader's.
  const unseen = trains ? ['ground', 'plain', 'work'] : ['change', 'clear', 'end', 'ground', 'life', 'plain', 'pull', 'push', 'work'];
  for (const pack of new Set(Object.values(late))) {
    if (scripts[pack] !== undefined) continue;
    if (unseen.includes(pack)) setFlagsFromString('--no-lazy');
    load(pack);
    setFlagsFromString('--lazy');
  }
  const { writeSync } = fs;
  let said = '';
  fs.writeSync = (fd, data, ...rest) => {
    if (fd !== 1 && fd !== 2) return writeSync(fd, data, ...rest);
    said += String(data); // nobody wants to read it, unless something goes wrong
    return Buffer.byteLength(data);
  };
  try {
    for (const argv of commands) await main(argv); // never throws; an exit code (no such container) is of no interest here
    if (trains) {
      await train(main, home, () => said.slice(-500)).catch((error) => {
        if (process.argv[3] === '--strict') throw error;
        // An installation is no poorer for it than by some milliseconds.
        console.error(`skiff: commands were not compiled ahead: ${error.message}`);
      });
    }
  } finally {
    fs.writeSync = writeSync;
    endChildren();
  }
  for (const [name, pack] of Object.entries(late)) if (pack !== 'rest') requireChunk(name);
  for (const { script, cache } of Object.values(scripts)) {
    // On the disk before it has its name: V8 trusts the bytes, and half of them, after a power cut, would crash every command.
    const temporary = `${cache}.${process.pid}`;
    const fd = openSync(temporary, 'w', 0o644);
    writeFileSync(fd, script.createCachedData());
    fsyncSync(fd);
    closeSync(fd);
    renameSync(temporary, cache);
  }
}

work().then(
  () => rmSync(home, { recursive: true, force: true }),
  (error) => {
    rmSync(home, { recursive: true, force: true });
    console.error(error);
    process.exitCode = 1;
  },
);
