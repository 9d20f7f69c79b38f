import { renderYAML } from '../../../lib/yaml.ts';
import { renderEach } from '../../listing.ts';
import { print, printJson } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { goNames, infoReport } from './info-report.ts';

export function run(invocation: Invocation): void {
  const report = infoReport();
  const format = invocation.options['format'];
  if (format === 'json') printJson(report, 2);
  else if (typeof format === 'string' && format !== '') print(renderEach(format, [goNames(report)], { name: 'info', typeName: '*define.Info' }));
  else print(renderYAML(report));
}
