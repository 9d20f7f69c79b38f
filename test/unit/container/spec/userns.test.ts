import test from 'ava';
import type { IDRange } from '../../../../src/container/spec/input.ts';
import { mapID, planUserns, storageMapping } from '../../../../src/container/spec/userns.ts';

/** As the launcher maps a user's own id and his subordinate ranges. */
function outer(...sizes: readonly number[]): IDRange[] {
  let inside = 1;
  return [{ inside: 0, outside: 1000, size: 1 }, ...sizes.map((size, at) => ({ inside: (inside += size) - size, outside: (at + 1) * 100_000, size }))];
}

const keepID = (id: number, gid: number, uidMap: readonly IDRange[], gidMap = uidMap): ReturnType<typeof planUserns> => planUserns({ kind: 'keep-id' }, { hostUid: id, hostGid: gid, uidMap, gidMap });
const lines = (mappings: readonly { containerID: number; hostID: number; size: number }[] | undefined): string[] => (mappings ?? []).map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}`);

test('planUserns() nests nothing by default', (t) => {
  const host = { hostUid: 1000, hostGid: 1000, uidMap: outer(65_536), gidMap: outer(65_536) };
  t.deepEqual(planUserns({ kind: 'default' }, host), {});
  t.deepEqual(planUserns({ kind: 'host' }, host), {});
});

test('planUserns() of keep-id gives the user his number, and the others those around it', (t) => {
  const { nested, defaultUser } = keepID(1000, 100, outer(65_536));
  t.deepEqual(lines(nested?.uidMappings), ['0 1 1000', '1000 0 1', '1001 1001 64536']);
  t.deepEqual(lines(nested?.gidMappings), ['0 1 100', '100 0 1', '101 101 65436']);
  t.deepEqual(defaultUser, { uid: 1000, gid: 100 });
  t.deepEqual(lines(keepID(0, 0, outer(10)).nested?.uidMappings), ['0 0 1', '1 1 10']);
  t.deepEqual(lines(keepID(1000, 1000, outer(10)).nested?.uidMappings), ['0 1 10', '1000 0 1']);
  t.deepEqual(lines(keepID(1000, 1000, outer()).nested?.uidMappings), ['1000 0 1']);
});

test('planUserns() of keep-id ends a line where a subordinate range ends', (t) => {
  const { nested } = keepID(1000, 100, outer(600, 30_000, 40_000), outer(2000, 50));
  t.deepEqual(lines(nested?.uidMappings), ['0 1 600', '600 601 400', '1000 0 1', '1001 1001 29600', '30601 30601 40000']);
  t.deepEqual(lines(nested?.gidMappings), ['0 1 100', '100 0 1', '101 101 1900', '2001 2001 50']);
  // Where the user's number stands at the end of a range, and in whatever order the ranges come.
  t.deepEqual(lines(keepID(600, 600, outer(600, 10).toReversed()).nested?.uidMappings), ['0 1 600', '600 0 1', '601 601 10']);
});

test('planUserns() of keep-id: no line of it crosses one of ours, and no id is lost', (t) => {
  for (const id of [0, 1, 2, 3, 5, 8, 9, 12, 40]) {
    const map = outer(1, 2, 5, 1);
    const mappings = keepID(id, id, map).nested?.uidMappings ?? [];
    for (const { hostID, size } of mappings) t.true(map.some(({ inside, size: whole }) => hostID >= inside && hostID + size <= inside + whole), `${id}: ${hostID}+${size}`);
    t.deepEqual(mappings.flatMap(({ hostID, size }) => Array.from({ length: size }, (_, at) => hostID + at)).toSorted((a, b) => a - b), Array.from({ length: 10 }, (_, at) => at));
    t.is(mapID(id, mappings), 0);
  }
});

test('storageMapping() has the same lines', (t) => {
  t.is(storageMapping(keepID(3, 3, outer(2, 5)).nested?.uidMappings ?? []), '0:1:2:2:3:1:3:0:1:4:4:4');
});
