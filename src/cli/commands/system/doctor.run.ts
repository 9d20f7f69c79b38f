import type { Check, Verdict } from '../../../host/checks/index.ts';
import { checks, runCheck } from '../../../host/checks/table.ts';
import { print, printJson } from '../../output.ts';
import type { Invocation } from '../../spec.ts';

export async function run(invocation: Invocation): Promise<number> {
  const results: (Pick<Check, 'group' | 'title'> & Verdict)[] = [];
  for (const check of checks) results.push({ group: check.group, title: check.title, ...(await runCheck(check)) });
  if (invocation.options['format'] === 'json') printJson(results, 2);
  else print(renderResults(results));
  return results.some((result) => result.status === 'fail') ? 1 : 0;
}

/** A heading a group, a line a check, and below a bad one what mends it. */
export function renderResults(results: readonly (Pick<Check, 'group' | 'title'> & Verdict)[]): string {
  const width = Math.max(...results.map((result) => result.title.length));
  let group = '';
  let text = '';
  for (const result of results) {
    if (result.group !== group) {
      text += `${group === '' ? '' : '\n'}${result.group}\n`;
      group = result.group;
    }
    text += `  ${result.status.padEnd(4)}  ${result.title.padEnd(width)}  ${result.found.replaceAll('\n', ' ')}\n`;
    if (result.hint !== undefined) text += `${result.hint.split('\n').map((line, index) => `        ${index === 0 ? 'hint: ' : '      '}${line}`).join('\n')}\n`;
  }
  return text;
}
