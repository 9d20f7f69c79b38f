/** Listings by --format: a table with headings, or a Go template for each row. JSON is the caller's: its shape differs. */
import { alignTabs } from '../lib/table.ts';
import { compileTemplate, type TemplateFunction, type TemplateOptions } from '../lib/template.ts';
import { printableRow } from './printable-row.ts';

export interface Listing {
  /** The verb, for messages about the template. */
  name: string;
  /** What a template sees of each row; functions are methods. */
  rows: readonly object[];
  /** --format as given. */
  format: string | undefined;
  /** Without --format: "table {{.ID}}\t{{.Image}}". */
  defaultFormat: string;
  /** Column headings by field, for all fields that may stand in a table. */
  headers: Readonly<Record<string, string>>;
  noHeading?: boolean;
  functions?: Readonly<Record<string, TemplateFunction>>;
  /** Go's name of the row's type, in messages. */
  typeName?: string;
}

/** True for "json" and "{{json .}}", which ask for the whole listing as one JSON document. */
export function isJsonFormat(format: string | undefined): boolean {
  return format !== undefined && /^\s*(?:json|\{\{\s*json\s*\.?\s*\}\})\s*$/.test(format);
}

/** The listing's text, with its final newline; '' where there is nothing to print. @throws TEMPLATE_INVALID */
export async function renderListing(listing: Listing): Promise<string> {
  const format = listing.format === undefined || listing.format.trim() === 'table' ? listing.defaultFormat : listing.format;
  const isTable = /^table\s/.test(format);
  const text = unescape(isTable ? cells(format.replace(/^table\s+/, '')) : format);
  const end = endFor(text);
  const options = { name: listing.name, ...(listing.typeName === undefined ? {} : { typeName: listing.typeName }) };
  const template = compileTemplate(text, listing.functions, options);
  // A template that ranges by itself gets all rows at once.
  if (rangesOverRows.test(text)) return template(listing.rows) + end;
  if (!isTable) return listing.rows.map((row) => template(row) + end).join('');
  // A table is for people's eyes; a template gives scripts what there is.
  const lines = listing.rows.map((row) => template(printableRow(row)) + end);
  const heading = listing.noHeading === true ? [] : [template(new Map(Object.entries(listing.headers))) + end];
  return alignTabs([...heading, ...lines].join(''));
}

/** A template over single objects, as `inspect` and `info` have it: a line an object. @throws TEMPLATE_INVALID */
export function renderEach(format: string, views: readonly unknown[], options: TemplateOptions = {}): string {
  const text = unescape(format);
  const template = compileTemplate(text, {}, options);
  return views.map((view) => template(view) + endFor(text)).join('');
}

/** As the peer has it, by the template's text and not by what comes out: `{{println .ID}}` leaves an empty line. */
function endFor(text: string): string {
  return text.endsWith('\n') ? '' : '\n';
}

/** `{{range .}}`, `{{range $i, $row := .}}` at the start. */
const rangesOverRows = /^\s*\{\{-?\s*range\s+(?:\$\w+\s*(?:,\s*\$\w+\s*)?:=\s*)?\.\s*-?\}\}/;

/** In a table, a blank between fields is as good as a tab: `table {{.ID}} {{.Names}}` gives two columns, as in Podman. */
function cells(format: string): string {
  return format.replace(/\{\{[^]*?\}\}| /g, (piece) => (piece === ' ' ? '\t' : piece));
}

/** Shells leave "\t" and "\n" in single quotes as they are: they mean the characters. */
function unescape(format: string): string {
  return format.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
}
