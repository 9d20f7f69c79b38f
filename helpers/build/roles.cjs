/**
 * The commands that are run most. Each has a pack of its own with all the modules that it needs and no others, and a code cache with the
 * functions that it calls and no others: one script to read instead of six, and half as much for V8 to take in. The verb decides
 * (loader.cjs); `skiff container run` goes by the packs that all commands share (bundle.mjs).
 *
 *   modules    what fills the pack, beside what every command needs; as in bundle.mjs
 *   layers     whether the launcher begins a container's layers for the first of the commands
 *   commands   what is run to see which functions are called (training.cjs), in an order in which each finds what it needs
 *   done       whether a command got as far as it does in earnest, by its exit code and what it said
 */
'use strict';

/** What `exec` and an attached `run` end with: training.cjs does not let them become another program. */
const became = 'this process would be another program now';
const ended = (code) => code === 0;
const turned = (code, said) => said.includes(became);

const lookAt = (name) => [new RegExp(`^src/cli/commands/container/${name}(\\.run)?\\.ts$`)];
const registry = [
  /^src\/cli\/commands\/image\/pull(\.run)?\.ts$/, /^src\/cli\/pull-images\.ts$/, /^src\/image\/pull\/from-registry\.ts$/, /^src\/image\/trust\/require\.ts$/,
  /^src\/registry\/(client|client-options|registries-conf|short-names)\.ts$/,
];

/** `container` is one that runs, `host` a registry's host and port that has the image i, `network` the default one where its program is there. */
const roles = {
  run: {
    modules: lookAt('run'),
    layers: true,
    commands: ({ name, network }) => [
      { argv: ['run', '--rm', '--network', 'none', 'i', 'true'], done: turned },
      ...(network === undefined ? [] : [{ argv: ['run', '--rm', '--network', network, 'i', 'true'], done: turned }]),
      { argv: ['run', '-d', '--name', name, '--network', 'none', '-e', 'A=B', 'i', 'true'], done: ended },
    ],
  },
  ps: { modules: lookAt('ps'), commands: () => [['ps'], ['ps', '-a'], ['ps', '-a', '--format', 'json']].map((argv) => ({ argv, done: ended })) },
  exec: { modules: lookAt('exec'), commands: ({ container }) => [{ argv: ['exec', container, 'true'], done: turned }] },
  images: { modules: [/^src\/cli\/commands\/image\/list(\.run)?\.ts$/], commands: () => [{ argv: ['images'], done: ended }, { argv: ['images'], done: ended }] },
  // The first gives the image the name, the second finds all as it is.
  pull: { modules: registry, commands: ({ host }) => [1, 2].map(() => ({ argv: ['pull', '--tls-verify=false', `${host}/i`], done: ended })) },
};

/** The pack of a role. */
const packOf = (role) => `for-${role}`;

module.exports = { became, packOf, registry, roles };
