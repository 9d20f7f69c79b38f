/** slirp4netns' API: one JSON request and one JSON answer a connection, over a unix socket in the container's 0700 folder. */
import { closeSync, constants, openSync } from 'node:fs';
import { SkiffError, wrap } from '../../lib/errors.ts';
import type { PortBinding } from '../index.ts';
import { formatBinding } from '../ports.ts';

const answerTimeoutMs = 10_000;

/** Opens every port of the bindings. @throws NETWORK_FAILED */
export async function addForwards(dir: string, socket: string, ports: readonly PortBinding[], guestAddress: string): Promise<void> {
  // By way of a descriptor, because of the length of the path.
  const fd = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    for (const binding of ports) {
      for (let offset = 0; offset < binding.range; offset++) {
        const request = {
          execute: 'add_hostfwd',
          arguments: {
            proto: binding.protocol, host_addr: binding.hostIP === '' ? '0.0.0.0' : binding.hostIP,
            host_port: binding.hostPort + offset, guest_addr: guestAddress, guest_port: binding.containerPort + offset,
          },
        };
        checkAnswer(await exchange(`/proc/self/fd/${fd}/${socket}`, JSON.stringify(request)), binding);
      }
    }
  } finally {
    closeSync(fd);
  }
}

function checkAnswer(text: string, binding: PortBinding): void {
  const failed = (why: string): SkiffError => new SkiffError('NETWORK_FAILED', `port ${formatBinding(binding)}: ${why}`);
  let answer: { error?: { desc?: unknown } };
  try {
    answer = JSON.parse(text) as typeof answer;
  } catch {
    throw failed('slirp4netns gave no answer');
  }
  if (answer.error !== undefined) throw failed(`slirp4netns can't forward it: ${String(answer.error.desc ?? 'no reason given')}`);
}

async function exchange(path: string, request: string): Promise<string> {
  const { createConnection } = await import('node:net');
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = createConnection(path);
    socket.setTimeout(answerTimeoutMs, () => socket.destroy(new Error('no answer')));
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.end(request));
    socket.on('data', (chunk: string) => { answer += chunk; });
    socket.on('end', () => resolve(answer));
    socket.on('error', (error) => reject(wrap(error, 'talk to slirp4netns')));
  });
}
