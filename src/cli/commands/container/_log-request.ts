/** The log's part of a CreateRequest. */
import { resolve } from 'node:path';
import type { CreateRequest } from '../../../container/create-request.ts';
import { config } from '../../../host/config/index.ts';
import { isTerminal } from '../../../host/tty.ts';
import { SkiffError } from '../../../lib/errors.ts';
import { parseBytes } from '../../../lib/units.ts';
import type { OptionValues } from '../../spec.ts';
import { keyValues } from './_env.ts';
import { list, text } from './_values.ts';

const drivers: readonly string[] = ['json-file', 'k8s-file', 'journald', 'none', 'passthrough'];

/** A container that has our streams for its own would have the terminal itself, and could type into it (TIOCSTI). @throws USAGE, UNSUPPORTED (a driver of containers.conf) */
export function logRequest(options: OptionValues): Pick<CreateRequest, 'logDriver' | 'logOptions'> {
  const defaults = config();
  const driver = text(options, 'log-driver') ?? defaults.logDriver ?? 'json-file';
  if (!drivers.includes(driver)) throw new SkiffError('UNSUPPORTED', `log driver ${JSON.stringify(driver)} of containers.conf: want one of ${drivers.join(', ')}`);
  if (driver === 'passthrough' && [0, 1, 2].some(isTerminal)) throw new SkiffError('USAGE', "the '--log-driver passthrough' option cannot be used on a TTY");
  const logOptions = keyValues(list(options, 'log-opt'), (line) => (line.includes('=') ? undefined : `invalid log option ${JSON.stringify(line)}`));
  for (const [key, value] of Object.entries(logOptions)) logOptions[key] = checkedOption(key, value);
  const max = defaults.logSizeMaxBytes;
  if (logOptions['max-size'] === undefined && max !== undefined && max > 0) logOptions['max-size'] = String(max);
  const { logTag } = defaults;
  if (logOptions['tag'] === undefined && logTag !== undefined && logTag !== '' && driver === 'journald') logOptions['tag'] = logTag;
  return { logDriver: driver as CreateRequest['logDriver'], logOptions };
}

function checkedOption(key: string, value: string): string {
  switch (key) {
    case 'tag': return value;
    case 'path':
      if (value === '') throw new SkiffError('USAGE', '--log-opt path: want a file');
      return resolve(value); // whoever starts the container, and its monitor, are somewhere else
    case 'max-size':
      // -1 is the monitor's word for "none", which containers.conf has too.
      if (value !== '-1' && parseBytes(value) === 0) throw new SkiffError('USAGE', `--log-opt max-size ${JSON.stringify(value)}: want a size above zero, or -1 for none`);
      return value === '-1' ? value : String(parseBytes(value));
    case 'max-file':
      if (!/^[1-9]\d{0,5}$/.test(value)) throw new SkiffError('USAGE', `--log-opt max-file ${JSON.stringify(value)}: want a number of files`);
      return value;
    default: throw new SkiffError('USAGE', `--log-opt ${JSON.stringify(key)}: want max-size, max-file, path or tag`);
  }
}
