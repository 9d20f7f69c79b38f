/**
 * Go's text/template, as far as --format uses it: fields, methods, pipelines, parentheses, variables, if, with, range,
 * comparisons, printf, and the functions that Podman and Docker add. Data are plain JavaScript values (template/values.ts
 * tells how they are seen). No template can reach anything but its data and the functions given.
 *
 * @see https://pkg.go.dev/text/template
 */
import { parse } from './template/parse.ts';
import { execute } from './template/execute.ts';
import { renderRow, rowParts } from './template/row.ts';
import { standardFunctions, type TemplateFunction } from './template/functions.ts';

export { goMap, isMap, nilList, nilMap, omitEmpty } from './template/values.ts';
export type { TemplateFunction } from './template/functions.ts';

export interface TemplateOptions {
  /** In messages: the verb. */
  name?: string;
  /** Go's name of the data's type, in "can't evaluate field X in type Y". */
  typeName?: string;
}

export type Template = (data: unknown) => string;

/** Parses once, to be run over many rows. @throws TEMPLATE_INVALID now for mistakes of form, later for those of data */
export function compileTemplate(text: string, functions: Readonly<Record<string, TemplateFunction>> = {}, options: TemplateOptions = {}): Template {
  const name = options.name ?? 'format';
  const all = { ...standardFunctions, ...functions };
  const nodes = parse(text, name, new Set([...Object.keys(all), 'and', 'or']));
  const parts = rowParts(nodes);
  const whole: Template = (data) => execute({ name, text, nodes, functions: all, typeName: options.typeName ?? 'struct' }, data);
  return parts === undefined ? whole : (data) => renderRow(parts, data) ?? whole(data);
}

export function renderTemplate(text: string, data: unknown, functions: Readonly<Record<string, TemplateFunction>> = {}, options: TemplateOptions = {}): string {
  return compileTemplate(text, functions, options)(data);
}
