/** What a real registry has been asked. */
import { until } from './deadline.ts';
import type { TestRegistry } from './registry.ts';
import { request } from './test-request.ts';

/** The GET and HEAD lines of its log until now. Its log reaches us late but in order: a request of our own is waited for in it. */
export async function askedOf(registry: TestRegistry): Promise<string> {
  const marker = `/v2/marker-${process.hrtime.bigint()}/tags/list`;
  await request(registry, 'GET', marker);
  await until(() => registry.log().includes(`"GET ${marker} `), () => `no ${marker} in the log: ${registry.log().slice(-2000)}`);
  return registry.log().split('\n').filter((line) => /"(?:GET|HEAD) /.test(line) && !line.includes('marker-')).join('\n');
}
