/**
 * Runs a parsed template over data. Errors have Go's wording and place:
 * template: NAME:LINE:COLUMN: executing "NAME" at <NODE>: CAUSE
 */
import { SkiffError } from '../errors.ts';
import { lineOf, type Command, type Node, type Operand, type Pipe } from './ast.ts';
import { CallError, variadic } from './functions.ts';
import { entriesOf, isMap, isTrue, show, showResult, typeName } from './values.ts';

export interface Program {
  name: string;
  text: string;
  nodes: readonly Node[];
  functions: Readonly<Record<string, (...args: never[]) => unknown>>;
  /** Go's name of the data's type, in messages. */
  typeName: string;
}

/** No value was piped in. */
const nothing = Symbol('nothing');
type Branch = Extract<Node, { body: readonly Node[] }>;
type Flow = 'next' | 'break' | 'continue';

/** @throws TEMPLATE_INVALID */
export function execute(program: Program, data: unknown): string {
  return new Execution(program, data).run();
}

class Execution {
  readonly #program: Program;
  readonly #data: unknown;
  readonly #variables: { name: string; value: unknown }[];
  #out = '';

  constructor(program: Program, data: unknown) {
    this.#program = program;
    this.#data = data;
    this.#variables = [{ name: '$', value: data }];
  }

  run(): string {
    this.#walk(this.#program.nodes, this.#data);
    return this.#out;
  }

  #walk(nodes: readonly Node[], dot: unknown): Flow {
    for (const node of nodes) {
      let flow: Flow = 'next';
      if ('body' in node) flow = this.#scoped(() => this.#control(node, dot));
      else if (node.kind === 'text') this.#out += node.text;
      else if (node.kind === 'action') {
        const value = this.#pipe(dot, node.pipe);
        if (node.pipe.variables.length === 0) this.#out += this.#printable(value, node.pipe);
      } else flow = node.kind;
      if (flow !== 'next') return flow;
    }
    return 'next';
  }

  #printable(value: unknown, pipe: Pipe): string {
    if (typeof value === 'function') throw this.#error(pipe, `can't print ${pipe.source} of type func`);
    return showResult(value);
  }

  #scoped(body: () => Flow): Flow {
    const depth = this.#variables.length;
    const flow = body();
    this.#variables.length = depth;
    return flow;
  }

  #control(node: Branch, dot: unknown): Flow {
    if (node.kind === 'range') return this.#range(node, dot);
    const value = this.#pipe(dot, node.pipe);
    if (!isTrue(value)) return this.#walk(node.otherwise, dot);
    return this.#walk(node.body, node.kind === 'with' ? value : dot);
  }

  #range(node: Branch, dot: unknown): Flow {
    const value = this.#pipe(dot, { ...node.pipe, variables: [] });
    const items = this.#items(value, node.pipe);
    if (items.length === 0) return this.#walk(node.otherwise, dot);
    const { variables, assign } = node.pipe;
    for (const [key, item] of items) {
      const flow = this.#scoped(() => {
        const [first, second] = variables;
        if (second !== undefined && first !== undefined) {
          this.#set(first, key, assign);
          this.#set(second, item, assign);
        } else if (first !== undefined) this.#set(first, item, assign);
        return this.#walk(node.body, item);
      });
      if (flow === 'break') break;
    }
    return 'next';
  }

  #items(value: unknown, pipe: Pipe): (readonly [unknown, unknown])[] {
    if (value === null || value === undefined) return [];
    if (Array.isArray(value)) return value.map((item, i) => [i, item] as const);
    if (typeof value === 'number' && Number.isInteger(value)) return Array.from({ length: Math.max(0, value) }, (_, i) => [i, i] as const);
    if (typeof value === 'object' && isMap(value)) return entriesOf(value);
    throw this.#error(pipe, `range can't iterate over ${show(value)}`);
  }

  #set(name: string, value: unknown, assign: boolean): void {
    const known = assign ? this.#variables.findLast((variable) => variable.name === name) : undefined;
    if (known === undefined) this.#variables.push({ name, value });
    else known.value = value;
  }

  #pipe(dot: unknown, pipe: Pipe): unknown {
    let value: unknown = nothing;
    for (const command of pipe.commands) value = this.#command(dot, command, value);
    for (const name of pipe.variables) this.#set(name, value, pipe.assign);
    return value;
  }

  #command(dot: unknown, command: Command, final: unknown): unknown {
    const [first, ...rest] = command.args;
    if (first === undefined) return undefined;
    switch (first.kind) {
      case 'field':
        return this.#fields(dot, dot, first, first.names, rest, final);
      case 'chain':
        return this.#fields(dot, this.#operand(dot, first.base), first, first.names, rest, final);
      case 'variable':
        return this.#fields(dot, this.#variable(first.name), first, first.names, rest, final);
      case 'function':
        return this.#call(dot, command, first, rest, final);
      case 'nil':
        throw this.#error(first, 'nil is not a command');
      default:
        if (rest.length > 0 || final !== nothing) throw this.#error(first, `can't give argument to non-function ${first.source}`);
        return this.#operand(dot, first);
    }
  }

  #operand(dot: unknown, operand: Operand): unknown {
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'bool':
      case 'number':
      case 'string':
        return operand.value;
      case 'pipe':
        return this.#pipe(dot, operand.pipe);
      default:
        return this.#command(dot, { args: [operand], at: operand.at, source: operand.source }, nothing);
    }
  }

  #variable(name: string): unknown {
    return this.#variables.findLast((variable) => variable.name === name)?.value;
  }

  /** `.A.B.C ARGS`: only the last name may take arguments. */
  #fields(dot: unknown, receiver: unknown, node: Operand, names: readonly string[], args: readonly Operand[], final: unknown): unknown {
    let value = receiver;
    for (const [i, name] of names.entries()) {
      const last = i === names.length - 1;
      value = this.#field(dot, value, node, name, last ? args : [], last ? final : nothing);
    }
    if (names.length === 0 && (args.length > 0 || final !== nothing)) throw this.#error(node, `can't give argument to non-function ${node.source}`);
    return value;
  }

  #field(dot: unknown, receiver: unknown, node: Operand, name: string, args: readonly Operand[], final: unknown): unknown {
    if (receiver === undefined) return undefined;
    if (receiver === null) throw this.#error(node, `nil pointer evaluating interface {}.${name}`);
    const value = typeof receiver === 'object' && !Array.isArray(receiver) ? this.#member(receiver, node, name) : this.#noField(receiver, node, name);
    if (typeof value === 'function') {
      const method = value as (...values: unknown[]) => unknown;
      return this.#guard(node, name, () => method.apply(receiver, this.#arguments(dot, args, final)));
    }
    if (args.length > 0 || final !== nothing) throw this.#error(node, `${name} is not a method but has arguments`);
    return value;
  }

  #member(receiver: object, node: Operand, name: string): unknown {
    if (receiver instanceof Map) return (receiver as Map<unknown, unknown>).get(name);
    const record = receiver as Readonly<Record<string, unknown>>;
    if (Object.hasOwn(record, name) || (name in record && !(name in Object.prototype))) return record[name];
    if (isMap(receiver)) return undefined;
    // Podman and Docker spell a few fields differently in JSON and in Go (Id and ID): one letter case is as good as another.
    const lower = name.toLowerCase();
    const key = Object.keys(record).find((candidate) => candidate.toLowerCase() === lower);
    return key === undefined ? this.#noField(receiver, node, name) : record[key];
  }

  #noField(receiver: unknown, node: Operand, name: string): never {
    const type = receiver === this.#data || typeName(receiver) === 'struct' ? this.#program.typeName : typeName(receiver);
    throw this.#error(node, `can't evaluate field ${name} in type ${type}`);
  }

  #call(dot: unknown, command: Command, node: Extract<Operand, { kind: 'function' }>, args: readonly Operand[], final: unknown): unknown {
    if (node.name === 'and' || node.name === 'or') return this.#shortCircuit(dot, node.name, args, final, node);
    const callee = this.#program.functions[node.name] as (...values: unknown[]) => unknown;
    const values = this.#arguments(dot, args, final);
    const any = variadic.has(node.name);
    if (values.length < callee.length || (values.length > callee.length && !any)) {
      throw this.#error(node, `wrong number of args for ${node.name}: want ${any ? 'at least ' : ''}${callee.length} got ${values.length}`);
    }
    return this.#guard(command, node.name, () => callee(...values));
  }

  /** The first operand that decides is the value; what follows is not evaluated. */
  #shortCircuit(dot: unknown, name: 'and' | 'or', args: readonly Operand[], final: unknown, node: Operand): unknown {
    if (args.length === 0 && final === nothing) throw this.#error(node, `wrong number of args for ${name}: want at least 1 got 0`);
    let value: unknown;
    for (const arg of args) {
      value = this.#operand(dot, arg);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return final === nothing ? value : final;
  }

  #arguments(dot: unknown, args: readonly Operand[], final: unknown): unknown[] {
    const values = args.map((arg) => this.#operand(dot, arg));
    return final === nothing ? values : [...values, final];
  }

  #guard(node: { at: number; source: string }, name: string, call: () => unknown): unknown {
    try {
      return call();
    } catch (error) {
      if (error instanceof CallError) throw this.#error(node, `error calling ${name}: ${error.message}`);
      throw error;
    }
  }

  #error(place: { at: number; source: string }, message: string): SkiffError {
    const { name, text } = this.#program;
    const column = place.at - (text.lastIndexOf('\n', place.at - 1) + 1);
    return new SkiffError('TEMPLATE_INVALID', `template: ${name}:${lineOf(text, place.at)}:${column}: executing ${JSON.stringify(name)} at <${place.source}>: ${message}`);
  }
}
