/** Giving a container another name. Works whatever it does; hostname and logs keep what they were told at start. */
import type { ContainerID } from '../oci/ids.ts';
import type { Context } from './index.ts';
import { moveName } from './name-links.ts';
import { nameOf, readRecord, writeRecord } from './record.ts';

/** @throws NAME_INVALID NAME_IN_USE CONTAINER_UNKNOWN */
export function renameContainer(context: Context, id: ContainerID, name: string): void {
  const from = nameOf(readRecord(context, id));
  if (from === name) return;
  moveName(context, id, { from, to: name }, () => writeRecord(context, { ...readRecord(context, id), Name: `/${name}` }, { sync: true }));
}
