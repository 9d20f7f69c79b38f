/**
 * Runs commands (roles.cjs) in this process, with the addon's dangerous calls played by stand-ins, so that V8 compiles
 * what `run`, `exec`, `start`, `rm` and `pull` use, and only that, into the code cache. No privilege is needed and nothing outside of `home` is
 * touched: a mount is a folder with the image's files, the monitor is `sleep` with the monitor's descriptors, and a process that is about to become
 * another program throws instead.
 *
 * Measured: a cache with every function of the pack is 560 KB and costs a `run` 5 ms more CPU than one with those it calls.
 */
'use strict';
const { createHash } = require('crypto');
const fs = require('fs');
const { createServer } = require('http');
const { basename, join } = require('path');
const { became } = require('./roles.cjs');

/** The launcher's children are played by one that is no child of anybody. */
const noChild = 0x7fffffff;

/** The session's variables as the launcher would set them (src/host/session.ts). To be called before the bundle is loaded. */
function pretendEntered(home) {
  const runtimeDir = join(home, 'skiff');
  fs.mkdirSync(runtimeDir, { recursive: true, mode: 0o700 });
  const report = join(home, 'report');
  fs.writeFileSync(report, '+');
  Object.assign(process.env, { SKIFF_MAPS_FD: String(fs.openSync(report, 'r')), SKIFF_MAPS_PID: String(noChild), SKIFF_LAUNCHED: '1', SKIFF_USERNS: 'created', SKIFF_CGROUP: 'private', SKIFF_SELF: join(home, 'no-launcher'), SKIFF_RUNTIME_DIR: runtimeDir });
}

/** From here on the addon is the real one with stand-ins. Returns what ends the processes that it started. */
function pretendAddon() {
  const { dlopen } = process;
  const children = [];
  process.dlopen = (module, ...rest) => {
    dlopen.call(process, module, ...rest);
    const real = module.exports;
    const nothing = Object.fromEntries(['umount2', 'mountSetattr', 'mknod', 'lchown', 'fchown', 'syncfs', 'createNetns', 'dropAmbient'].map((name) => [name, () => {}]));
    const waitpid = (pid, noHang) => {
      if (pid === noChild) return { exitCode: 0, signal: undefined };
      // A command that fails waits for the monitor that it has let go of.
      const at = children.indexOf(pid);
      if (at >= 0) process.kill(children.splice(at, 1)[0], 'SIGKILL');
      return real.waitpid(pid, noHang);
    };
    const mount = (source, target, type) => {
      if (type === 'overlay') writeTree(target);
    };
    /** `first` is a line of shell before it. */
    const sleeping = (options, first = '') => {
      const pid = real.spawn({ ...options, path: '/bin/sh', argv: ['sh', '-c', `${first}\nexec sleep 600`] });
      children.push(pid);
      return pid;
    };
    const plays = {
      // One that is to hold the container tells of its start when it is told to start it.
      'skiff-monitor': (options) => {
        const after = (option) => options.argv[options.argv.indexOf(option) + 1];
        const statusFd = Number(after('--status-fd'));
        const started = (pid) => `{"event":"started","pid":${pid}}`;
        const holds = options.argv.includes('--hold');
        const pid = sleeping(options, holds ? `read bundle <&${statusFd}; read start <&${statusFd}; echo '${started('\'$$\'')}' >&${statusFd}` : '');
        fs.writeFileSync(join(after('--run-dir'), 'state.json'), JSON.stringify({ pid, startedAt: '2026-01-01T00:00:00Z' }));
        fs.writeSync(options.fds.find(([, there]) => there === statusFd)[0], `{"event":"created","pid":${pid}}\n${holds ? '' : `${started(pid)}\n`}`);
        return pid;
      },
      // Goes into the background, and is ready then.
      pasta: (options) => real.spawn({ ...options, path: '/bin/true', argv: ['true'] }),
      slirp4netns: (options) => real.spawn({ ...options, path: '/bin/sh', argv: ['sh', '-c', 'echo >&3; exec cat <&4'] }),
    };
    const spawn = (options) => (options.argv.includes('--help') ? real.spawn(options) : (plays[basename(options.argv[0])] ?? sleeping)(options));
    const execve = () => {
      throw new Error(became);
    };
    module.exports = { ...real, ...nothing, mount, spawn, waitpid, execve };
  };
  return () => {
    for (const pid of children.splice(0)) process.kill(pid, 'SIGKILL');
  };
}

function writeFiles(files) {
  for (const [path, data] of Object.entries(files)) {
    fs.mkdirSync(join(path, '..'), { recursive: true });
    fs.writeFileSync(path, data, { mode: 0o755 });
  }
}

/** What the image holds. */
function writeTree(top) {
  writeFiles({ [join(top, 'etc', 'passwd')]: 'root:x:0:0:root:/root:/bin/sh\n', [join(top, 'bin', 'true')]: fs.readFileSync(process.execPath).subarray(0, 4096) });
}

const sha256 = (data) => createHash('sha256').update(data).digest('hex');
const layer = sha256('an empty layer');
const config = JSON.stringify({
  architecture: { x64: 'amd64', ia32: '386' }[process.arch] ?? process.arch, os: 'linux', created: '2026-01-01T00:00:00Z',
  config: { Env: ['PATH=/bin'], Cmd: ['sh'], Labels: { a: 'b' } }, rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] }, history: [{ created_by: 'training' }],
});

/** A store with one image of one empty layer, in Docker's layout. */
function writeStore(home) {
  const root = join(home, 'data', 'skiff');
  const cacheID = sha256('its folder');
  const id = `sha256:${sha256(config)}`;
  const image = join(root, 'image', 'overlay2');
  writeFiles({
    [join(image, 'imagedb', 'content', 'sha256', id.slice(7))]: config,
    [join(image, 'repositories.json')]: JSON.stringify({ Repositories: { 'localhost/i': { 'localhost/i:latest': id } } }),
    [join(image, 'layerdb', 'sha256', layer, 'diff')]: `sha256:${layer}`,
    [join(image, 'layerdb', 'sha256', layer, 'cache-id')]: cacheID,
    [join(image, 'layerdb', 'sha256', layer, 'size')]: '0',
    [join(root, 'overlay2', cacheID, 'link')]: 'A'.repeat(26),
    [join(root, 'overlay2', cacheID, 'committed')]: '',
  });
  writeTree(join(root, 'overlay2', cacheID, 'diff'));
  fs.mkdirSync(join(root, 'overlay2', 'l'));
  fs.symlinkSync(`../${cacheID}/diff`, join(root, 'overlay2', 'l', 'A'.repeat(26)));
  writeVerdict(join(root, 'overlay2'), join(home, 'skiff'));
}

/** A container's layers as the launcher makes them (helpers/launcher/ahead.c), and what it tells of them. To be called before the bundle is loaded. */
function pretendLayers(home, addonPath) {
  const addon = { exports: {} };
  process.dlopen(addon, addonPath);
  const root = join(home, 'data', 'skiff');
  const id = sha256('a container');
  const mount = join(root, 'image', 'overlay2', 'layerdb', 'mounts', id);
  writeFiles({ [join(mount, 'mount-id')]: id, [join(mount, 'init-id')]: `${id}-init`, [join(mount, 'parent')]: '' });
  for (const [name, link] of [[`${id}-init`, 'B'.repeat(26)], [id, 'C'.repeat(26)]]) {
    const folder = join(root, 'overlay2', name);
    writeFiles({ [join(folder, 'link')]: link, [join(folder, 'lower')]: '' });
    for (const one of ['diff/etc', 'work', 'merged']) fs.mkdirSync(join(folder, one), { recursive: true });
    fs.symlinkSync(`../${name}/diff`, join(root, 'overlay2', 'l', link));
  }
  const lock = fs.openSync(mount, 'r');
  addon.exports.flock(lock, 2 /* LOCK_EX */);
  Object.assign(process.env, { SKIFF_AHEAD_ID: id, SKIFF_AHEAD_ROOT: root, SKIFF_AHEAD_PID: String(noChild), SKIFF_AHEAD_FD: String(lock) });
}

/** The stand-ins can't show the product that the kernel has overlay: it is told (src/host/overlay-probe.ts), as by a command before. */
function writeVerdict(overlay, runtimeDir) {
  const key = `${fs.statSync(overlay).dev}:${fs.statfsSync(overlay).type.toString(16)}:${fs.readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim()}`;
  fs.writeFileSync(join(runtimeDir, 'overlay-driver.json'), JSON.stringify({ [key]: 'kernel' }));
}

/** A registry on loopback that has that image's manifest under every name, and nothing else: its layer is in the store. */
async function serve() {
  const oci = 'application/vnd.oci.image';
  const mediaType = `${oci}.manifest.v1+json`;
  const blob = (text, type) => ({ mediaType: type, size: Buffer.byteLength(text), digest: `sha256:${sha256(text)}` });
  const text = JSON.stringify({ schemaVersion: 2, mediaType, config: blob(config, `${oci}.config.v1+json`), layers: [blob('a blob', `${oci}.layer.v1.tar+gzip`)] });
  const server = createServer((request, response) => {
    response.setHeader('content-type', mediaType);
    response.end(text);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return server;
}

/** Podman's default, and ours where it is missing. */
const networks = ['pasta', 'slirp4netns'];
const isInstalled = (name) => (process.env.PATH ?? '').split(':').some((dir) => fs.existsSync(join(dir, name)));

/**
 * Runs a role's commands against the store. `main` must have been loaded after pretendEntered and pretendAddon; `name` is for a container that
 * stays, and "t" is the one that runs. `said` gives all that commands have said so far.
 * @throws where a command did not get as far as it does in earnest: the cache would silently be worth less
 */
async function train(main, role, { name, said }) {
  const server = await serve();
  try {
    for (const { argv, done } of role.commands({ name, container: 't', network: networks.find(isInstalled), host: `127.0.0.1:${server.address().port}` })) {
      const before = said().length;
      const code = await main(argv);
      const words = said().slice(before);
      if (!done(code, words)) throw new Error(`training: skiff ${argv.join(' ')} ended with ${code}: ${words}`);
    }
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

module.exports = { isInstalled, pretendAddon, pretendEntered, pretendLayers, train, writeStore };
