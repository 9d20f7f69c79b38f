/** Typed members of a TOML table; every failure names the file and the key. */
import { SkiffError } from '../lib/errors.ts';
import { isObject } from '../lib/json.ts';

/** Reads typed members of one table. @throws CONFIG_INVALID */
export class TableReader {
  private readonly object: Record<string, unknown>;
  private readonly file: string;
  private readonly at: string;

  constructor(value: unknown, file: string, at: string) {
    if (!isObject(value)) throw bad(file, `${at.replace(/\.$/, '')} must be a table`);
    this.object = value;
    this.file = file;
    this.at = at;
  }

  /** '' where it is missing: TOML's writers mean the same by both. */
  string(name: string): string {
    const value = this.object[name] ?? '';
    if (typeof value !== 'string') throw bad(this.file, `${this.at}${name} must be a string`);
    return value;
  }

  bool(name: string): boolean {
    const value = this.object[name] ?? false;
    if (typeof value !== 'boolean') throw bad(this.file, `${this.at}${name} must be true or false`);
    return value;
  }

  strings(name: string): readonly string[] | undefined {
    const value = this.object[name];
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) throw bad(this.file, `${this.at}${name} must be a list of strings`);
    return value as string[];
  }

  table(name: string): TableReader | undefined {
    const value = this.object[name];
    return value === undefined ? undefined : new TableReader(value, this.file, `${this.at}${name}.`);
  }

  tables(name: string): readonly TableReader[] {
    const value = this.object[name];
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw bad(this.file, `${this.at}${name} must be a list of tables: [[${this.at}${name}]]`);
    return value.map((item) => new TableReader(item, this.file, `${this.at}${name}.`));
  }
}

/** What is wrong with a file of the configuration. */
export function bad(file: string, what: string): SkiffError {
  return new SkiffError('CONFIG_INVALID', `${JSON.stringify(file)}: ${what}`, { data: { file } });
}
