import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { helloFlag, packet, packetMaxBytes } from '../../../src/runtime/index.ts';
import { helloPacket } from '../../../src/runtime/client.ts';
import { projectRoot } from '../../helpers/world.ts';

const header = readFileSync(join(projectRoot(), 'helpers/common/protocol.h'), 'utf8');

/** PACKET_STDIN_END -> stdinEnd */
function camel(name: string): string {
  return name.toLowerCase().replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

test('packet has the letters of helpers/common/protocol.h', (t) => {
  const inC = Object.fromEntries([...header.matchAll(/PACKET_([A-Z_]+) = '(.)'/g)].map((match) => [camel(match[1] ?? ''), match[2]]));
  t.deepEqual(inC, { ...packet });
  t.is(new Set(Object.values(packet)).size, Object.keys(packet).length);
});

test('helloFlag has the values of helpers/common/protocol.h', (t) => {
  const inC = Object.fromEntries([...header.matchAll(/HELLO_([A-Z]+) = (\d+)/g)].map((match) => [camel(match[1] ?? ''), Number(match[2])]));
  t.deepEqual(inC, { ...helloFlag });
});

test('packetMaxBytes is PACKET_MAX of helpers/common/protocol.h', (t) => {
  t.is(packetMaxBytes, Number(/#define PACKET_MAX (\d+)/.exec(header)?.[1]));
});

test('helloPacket() says what is wanted, and nothing else', (t) => {
  t.deepEqual(helloPacket({}), Buffer.from('h\0'));
  t.deepEqual(helloPacket({ stdin: true, stderr: true }), Buffer.from('h\x05'));
  t.deepEqual(helloPacket({ stdin: true, stdout: true, stderr: true, exit: true }), Buffer.from('h\x0f'));
});
