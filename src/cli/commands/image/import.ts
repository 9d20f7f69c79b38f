import type { CommandSpec } from '../../spec.ts';

export const spec: CommandSpec = {
  path: ['import'],
  aliases: [['image', 'import']],
  summary: 'Make an image of the tar of a root filesystem',
  description: [
    'PATH is a tar file, plain or compressed, "-" for standard input, or an http or https address. gzip and zstd are always read, xz and bzip2 where the machine has these programs.',
    'The image gets one layer. Of a file it takes the time of the file, so the same file gives the same image.',
  ],
  args: [{ name: 'PATH', required: true, complete: { kind: 'file' } }, { name: 'REFERENCE', complete: { kind: 'image' } }],
  options: [
    { name: 'change', short: 'c', kind: 'list', value: 'INSTRUCTION', help: 'Apply CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME or WORKDIR to the image' },
    { name: 'message', short: 'm', kind: 'string', value: 'TEXT', help: 'Comment in the history of the image' },
    { name: 'arch', kind: 'string', value: 'ARCH', help: 'Architecture of the image instead of this machine\'s' },
    { name: 'os', kind: 'string', value: 'OS', help: 'Operating system of the image' },
    { name: 'variant', kind: 'string', value: 'VARIANT', help: 'Variant of the architecture' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print nothing but the id' },
  ],
  examples: [
    { text: 'A Debian, straight from its packages', command: 'mmdebstrap --variant=minbase bookworm - | skiff import - debian:bookworm' },
    { text: 'With a command and a variable', command: `skiff import --change 'CMD ["/bin/sh"]' --change ENV=LANG=C.UTF-8 rootfs.tar.gz base` },
  ],
  needs: { userns: 'enter', network: true },
  run: () => import('./import.run.ts'),
};
