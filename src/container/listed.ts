/**
 * All containers for listings. What they show of each is kept from one to the next (host/kept-facts.ts), its state included where it rests:
 * that follows from files of its folder which come and go by their names, so a folder that is as it was tells both.
 */
import { keptFacts, keptFactsPath } from '../host/kept-facts.ts';
import type { ContainerID } from '../oci/ids.ts';
import type { Context } from './index.ts';
import type { ContainerState } from './model.ts';
import { listFolders, tryReadRecord } from './record.ts';
import { containerState, stateAtRest, unknownExitCode } from './state.ts';
import { oldestFirst, runDirs, type ListedRecord, type Summary } from './summary.ts';

/** `rest`: its state without a runtime folder, where that is sure to stay. */
interface Listed { readonly record: ListedRecord; readonly rest: ContainerState | null }

type Own = Pick<ListedRecord, 'Name' | 'Created'> & Pick<Listed, 'rest'>;

/** The record's part that containers of one image mostly have alike. */
type Common = Omit<ListedRecord, 'ID' | 'Name' | 'Created'>;

/** Longer than the kernel's clock takes to go on. */
const settledMs = 200;

/** Oldest first. What a container that is starting or ending just now shows is what it was before or is after. */
export function listedContainers(context: Context): Summary[] {
  const withRunDir = new Set(runDirs(context)); // read before the rest: what is missing here did not run then
  const facts = keptFacts<ContainerID, Listed>({
    path: keptFactsPath(context.runtimeDir, 'container-facts', context.store.root),
    files: new Map(listFolders(context).map((id) => [id, context.store.layout.container(id)])),
    settledMs, split, unite,
    read: (id) => {
      const record = tryReadRecord(context, id);
      return record === undefined ? undefined : { fact: { record, rest: withRunDir.has(id) ? null : lastingState(context, id) }, lasting: true };
    },
  });
  return oldestFirst(Array.from(facts.values(), ({ record, rest }) => {
    const { ID: id } = record;
    return { record, state: withRunDir.has(id) ? containerState(context, id) : rest ?? stateAtRest(context, id) };
  }));
}

/** Null for one without an exit record: a start that was cut off long ago, or has just begun. */
function lastingState(context: Context, id: ContainerID): ContainerState | null {
  const state = stateAtRest(context, id);
  return state.status === 'created' || (state.status === 'exited' && state.exitCode !== unknownExitCode) ? state : null;
}

function split({ record, rest }: Listed): readonly [Own, Common] {
  const { Name, Created, Path, RestartCount, Config, Skiff } = record;
  const { imageID, imageName, topLayer, ports, mounts, network, autoRemove, restart } = Skiff;
  const { Entrypoint, Cmd, Labels, ExposedPorts } = Config;
  return [{ Name, Created, rest }, {
    Path, RestartCount, Skiff: { imageID, imageName, topLayer, ports, mounts, network, autoRemove, restart }, Config: { Entrypoint, Cmd, Labels, ...(ExposedPorts !== undefined && { ExposedPorts }) },
  }];
}

function unite(own: unknown, common: unknown, id: ContainerID): Listed | undefined {
  if (!isOwn(own) || !isCommon(common)) return undefined;
  const { Name, Created, rest } = own;
  const { Path, RestartCount, Config, Skiff } = common;
  return { record: { ID: id, Name, Created, Path, RestartCount, Config, Skiff }, rest };
}

function isOwn(value: unknown): value is Own {
  const own = value as Own | null;
  return typeof own === 'object' && own !== null && typeof own.Name === 'string' && typeof own.Created === 'string' && (own.rest === null || isState(own.rest));
}

function isState(value: unknown): value is ContainerState {
  return typeof value === 'object' && value !== null && typeof (value as ContainerState).status === 'string';
}

function isCommon(value: unknown): value is Common {
  const common = value as Common | null;
  return typeof common === 'object' && common !== null && typeof common.Path === 'string' && typeof common.Config === 'object' && Array.isArray(common.Skiff?.mounts);
}
