/** What a real registry has been asked. */
import { setTimeout as delay } from 'node:timers/promises';
import type { TestRegistry } from './registry.ts';
import { request } from './test-request.ts';

/** The GET and HEAD lines of its log until now. Its log reaches us late but in order: a request of our own is waited for in it. */
export async function askedOf(registry: TestRegistry): Promise<string> {
  const marker = `/v2/marker-${process.hrtime.bigint()}/tags/list`;
  await request(registry, 'GET', marker);
  while (!registry.log().includes(`"GET ${marker} `)) await delay(5);
  return registry.log().split('\n').filter((line) => /"(?:GET|HEAD) /.test(line) && !line.includes('marker-')).join('\n');
}
