/**
 * `--filter key=value` of ps, start, stop, rm and restart (lib/filter.ts combines them). Pure but for what `lookups` answers.
 *
 * @see podman-ps(1) --filter
 */
import { SkiffError } from '../lib/errors.ts';
import { combineFilters, hasLabel, parseMoment } from '../lib/filter.ts';
import type { ContainerState } from './model.ts';
import { nameOf } from './record.ts';
import type { Summary } from './summary.ts';

/** Answers that need the store. */
export interface FilterLookups {
  /** Creation time (RFC 3339) of a container by name or id. @throws CONTAINER_UNKNOWN */
  createdOf(container: string): string;
  /** Image ids that `ancestor` names: the image itself and, where known, those built upon it. */
  imageIDs(reference: string): readonly string[];
  nowMs: number;
}

type Predicate = (summary: Summary) => boolean;

/** @throws USAGE for an unknown key or a bad value */
export function parseFilters(filters: readonly string[], lookups: FilterLookups): Predicate {
  return combineFilters<Summary>(filters, ({ key, value }) => predicateFor(key, value, lookups), 'container');
}

/** True where a filter asks for containers that do not run, so that listing must look at all of them. */
export function wantsAll(filters: readonly string[]): boolean {
  return filters.some((filter) => /^(?:status|exited)!?=/.test(filter));
}

function predicateFor(key: string, value: string, lookups: FilterLookups): Predicate | undefined {
  switch (key) {
    case 'id': return ({ record }) => record.ID.startsWith(value.toLowerCase()) || matches(value, record.ID);
    case 'name': return ({ record }) => matches(value, nameOf(record));
    case 'label': return ({ record }) => hasLabel(record.Config.Labels, value);
    case 'status': return statusPredicate(value);
    case 'exited': return exitedPredicate(value);
    case 'ancestor': return ancestorPredicate(value, lookups);
    case 'before': {
      const created = lookups.createdOf(value);
      return ({ record }) => record.Created < created;
    }
    case 'since': {
      const created = lookups.createdOf(value);
      return ({ record }) => record.Created > created;
    }
    case 'until': {
      const limit = parseMoment(value, lookups.nowMs);
      return ({ record }) => Date.parse(record.Created) < limit;
    }
    case 'volume': return ({ record }) => record.Skiff.mounts.some((mount) => {
      const [source, destination] = value.split(':', 2);
      const from = mount.kind === 'volume' ? mount.name : mount.kind === 'bind' ? mount.source : '';
      return (from === source || mount.destination === source) && (destination === undefined || mount.destination === destination);
    });
    case 'network': return ({ record }) => record.Skiff.network.kind === value;
    case 'command': return ({ record }) => matches(value, record.Path);
    case 'publish': return ({ record }) => publishes(record.Skiff.ports, value, 'hostPort');
    case 'expose': return ({ record }) => publishes(record.Skiff.ports, value, 'containerPort') || Object.keys(record.Config.ExposedPorts ?? {}).includes(value.includes('/') ? value : `${value}/tcp`);
    case 'restart-policy': return ({ record }) => record.Skiff.restart.policy === value;
    case 'pod': case 'health': return () => false;
    default: return undefined;
  }
}

/** As Podman: a regular expression anywhere in the text; text that is no expression is searched as it is. */
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return text.includes(pattern);
  }
}

const statusWords: readonly string[] = ['created', 'exited', 'paused', 'running', 'stopped', 'initialized', 'removing', 'stopping', 'unknown', 'configured', 'restarting', 'dead'];

/** The word that Podman uses for a state. */
export function statusWord(state: ContainerState): string {
  return state.status === 'starting' ? 'created' : state.status;
}

function statusPredicate(value: string): Predicate {
  if (!statusWords.includes(value)) throw new SkiffError('USAGE', `${value} is not a valid status`, { hint: `want one of ${statusWords.join(', ')}` });
  const wanted = value === 'stopped' ? 'exited' : value === 'configured' ? 'created' : value;
  return ({ state }) => statusWord(state) === wanted;
}

function exitedPredicate(value: string): Predicate {
  if (!/^-?\d+$/.test(value)) throw new SkiffError('USAGE', `exited: ${JSON.stringify(value)} is no exit code`);
  return ({ state }) => state.status === 'exited' && state.exitCode === Number(value);
}

function ancestorPredicate(value: string, lookups: FilterLookups): Predicate {
  const ids = lookups.imageIDs(value);
  return ({ record }) => (record.Skiff.imageID !== '' && ids.includes(record.Skiff.imageID)) || record.Skiff.imageName === value;
}

function publishes(ports: Summary['record']['Skiff']['ports'], wish: string, side: 'hostPort' | 'containerPort'): boolean {
  const match = /^(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(wish);
  if (match === null) throw new SkiffError('USAGE', `invalid port ${JSON.stringify(wish)}: want PORT[-PORT][/PROTOCOL]`);
  const first = Number(match[1]);
  const last = Number(match[2] ?? first);
  return ports.some((port) => port.protocol === (match[3] ?? 'tcp') && port[side] <= last && first < port[side] + port.range);
}
