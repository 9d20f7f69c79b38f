/** The option that chooses how progress is shown. */
import type { OptionSpec } from '../spec.ts';

export const progressOption: OptionSpec = {
  name: 'progress', kind: 'string', value: 'TYPE', oneOf: ['auto', 'plain', 'tty', 'json'], default: 'auto',
  help: 'How progress is shown on standard error: bars on a terminal (tty), lines (plain), or a JSON object a line as Docker\'s API sends them (json)',
};
