import { renderTemplate } from '../../../lib/template.ts';
import { renderYAML } from '../../../lib/yaml.ts';
import { print, printJson, printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { goNames, infoReport } from './info-report.ts';

export function run(invocation: Invocation): void {
  const report = infoReport();
  const format = invocation.options['format'];
  if (format === 'json') printJson(report, 2);
  else if (typeof format === 'string' && format !== '') printLine(renderTemplate(format, goNames(report)));
  else print(renderYAML(report));
}
