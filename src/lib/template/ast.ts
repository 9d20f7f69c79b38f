/** The parsed form of a template. `at` is the offset in the source, `source` the node's own text, for messages. */

interface Place { at: number; source: string }

export type Operand =
  | ({ kind: 'dot' | 'nil' } & Place)
  | ({ kind: 'bool'; value: boolean } & Place)
  | ({ kind: 'number'; value: number } & Place)
  | ({ kind: 'string'; value: string } & Place)
  | ({ kind: 'field'; names: readonly string[] } & Place)
  | ({ kind: 'variable'; name: string; names: readonly string[] } & Place)
  | ({ kind: 'function'; name: string } & Place)
  | ({ kind: 'chain'; base: Operand; names: readonly string[] } & Place)
  | ({ kind: 'pipe'; pipe: Pipe } & Place);

export interface Command extends Place { args: readonly Operand[] }

export interface Pipe extends Place {
  /** Names declared (`:=`) or assigned (`=`), with their "$". */
  variables: readonly string[];
  assign: boolean;
  commands: readonly Command[];
}

export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'action'; pipe: Pipe }
  | { kind: 'if' | 'with' | 'range'; pipe: Pipe; body: readonly Node[]; otherwise: readonly Node[] }
  | { kind: 'break' | 'continue' };

/** Go's wording of a place: "template: NAME:LINE". */
export function lineOf(text: string, at: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < at; i = text.indexOf('\n', i + 1)) line++;
  return line;
}
