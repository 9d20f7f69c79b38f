/**
 * Parses a template: recursive descent over the tokens, with Go's wording of mistakes.
 * Not here: define, template and block, for which a --format has no use.
 */
import { lex, invalid, type Token, type TokenKind } from './lex.ts';
import type { Command, Node, Operand, Pipe } from './ast.ts';
import { unquote } from './quote.ts';

/** @throws TEMPLATE_INVALID; a function that is not in `functions` is a mistake found here */
export function parse(text: string, name: string, functions: ReadonlySet<string>): Node[] {
  return new Parser(text, name, functions).template();
}

/** Where a list of nodes ends. */
type Ending = { kind: 'end' } | { kind: 'else'; chain?: 'if' | 'with' } | { kind: 'eof' };

class Parser {
  readonly #text: string;
  readonly #name: string;
  readonly #functions: ReadonlySet<string>;
  readonly #tokens: readonly Token[];
  #next = 0;
  /** Variables in scope; "$" is the data. */
  #variables: string[] = ['$'];
  #loops = 0;

  constructor(text: string, name: string, functions: ReadonlySet<string>) {
    this.#text = text;
    this.#name = name;
    this.#functions = functions;
    this.#tokens = lex(text, name);
  }

  template(): Node[] {
    const { nodes, ending } = this.#list();
    if (ending.kind !== 'eof') throw this.#error(this.#peek(), `unexpected {{${ending.kind}}}`);
    return nodes;
  }

  #list(): { nodes: Node[]; ending: Ending } {
    const nodes: Node[] = [];
    for (;;) {
      const token = this.#take();
      if (token.kind === 'end') return { nodes, ending: { kind: 'eof' } };
      if (token.kind === 'text') {
        nodes.push({ kind: 'text', text: token.text });
        continue;
      }
      const word = this.#takeAfterSpace();
      if (word.kind !== 'keyword') {
        this.#next--;
        const pipe = this.#pipe('command', 'close');
        nodes.push({ kind: 'action', pipe });
        continue;
      }
      const node = this.#keyword(word);
      if (node.kind === 'end' || node.kind === 'else') return { nodes, ending: node };
      nodes.push(node);
    }
  }

  #keyword(word: Token): Node | Ending & { kind: 'end' | 'else' } {
    switch (word.text) {
      case 'end':
        this.#expectClose('end');
        return { kind: 'end' };
      case 'else': {
        const after = this.#takeAfterSpace();
        if (after.kind === 'keyword' && (after.text === 'if' || after.text === 'with')) return { kind: 'else', chain: after.text };
        if (after.kind !== 'close') throw this.#unexpected(after, 'else');
        return { kind: 'else' };
      }
      case 'break':
      case 'continue':
        this.#expectClose(word.text);
        if (this.#loops === 0) throw this.#error(word, `{{${word.text}}} outside {{range}}`);
        return { kind: word.text };
      case 'if':
      case 'with':
      case 'range':
        return this.#control(word.text);
      default:
        throw this.#error(word, `{{${word.text}}} is not supported here`);
    }
  }

  #control(kind: 'if' | 'with' | 'range'): Node {
    const scope = this.#variables.length;
    const pipe = this.#pipe(kind, 'close');
    if (kind === 'range') this.#loops++;
    const body = this.#list();
    if (kind === 'range') this.#loops--;
    let otherwise: Node[] = [];
    if (body.ending.kind === 'eof') throw this.#error(this.#peek(), 'unexpected EOF');
    if (body.ending.kind === 'else') {
      const chain = body.ending.chain;
      if (chain !== undefined) {
        if (chain !== kind) throw this.#error(this.#peek(), `unexpected <${chain}> in ${kind}`);
        otherwise = [this.#control(chain)];
      } else {
        const rest = this.#list();
        if (rest.ending.kind === 'eof') throw this.#error(this.#peek(), 'unexpected EOF');
        if (rest.ending.kind === 'else') throw this.#error(this.#peek(), 'expected end; found {{else}}');
        otherwise = rest.nodes;
      }
    }
    this.#variables.length = scope;
    return { kind, pipe, body: body.nodes, otherwise };
  }

  #pipe(context: string, end: TokenKind): Pipe {
    this.#skipSpace();
    const at = this.#peek().at;
    const { variables, assign } = this.#declarations(context);
    const commands: Command[] = [];
    for (;;) {
      const token = this.#takeAfterSpace();
      if (token.kind === end) {
        if (commands.length === 0) throw this.#error(token, `missing value for ${context}`);
        this.#checkStages(commands, token);
        // The names of a declaration hold from its end on: in the pipeline itself they still mean what they meant before.
        if (!assign) this.#variables.push(...variables);
        return { variables, assign, commands, at, source: this.#source(at, token.at) };
      }
      this.#next--;
      commands.push(this.#command());
    }
  }

  /** `$x :=`, `$x =`, and in a range `$i, $x :=`. Leaves the tokens alone where none is declared. */
  #declarations(context: string): { variables: string[]; assign: boolean } {
    const start = this.#next;
    const variables: string[] = [];
    for (;;) {
      this.#skipSpace();
      const variable = this.#take();
      if (variable.kind !== 'variable') break;
      this.#skipSpace();
      const operator = this.#take();
      variables.push(variable.text);
      if (operator.kind === 'declare') return { variables, assign: false };
      if (operator.kind === 'assign') {
        const unknown = variables.find((name) => !this.#variables.includes(name));
        if (unknown !== undefined) throw this.#error(operator, `undefined variable "${unknown}"`);
        return { variables, assign: true };
      }
      if (operator.kind !== 'comma') break;
      if (context !== 'range' || variables.length > 1) throw this.#error(operator, `too many declarations in ${context}`);
    }
    this.#next = start;
    return { variables: [], assign: false };
  }

  #checkStages(commands: readonly Command[], token: Token): void {
    for (const [i, command] of commands.entries()) {
      const first = command.args[0];
      if (i > 0 && first !== undefined && ['bool', 'dot', 'nil', 'number', 'string'].includes(first.kind)) {
        throw this.#error(token, `non executable command in pipeline stage ${i + 1}`);
      }
    }
  }

  /** Operands separated by blanks, up to "|" (taken), or ")" or "}}" (left). */
  #command(): Command {
    const args: Operand[] = [];
    for (;;) {
      this.#skipSpace();
      const operand = this.#operand();
      if (operand !== undefined) args.push(operand);
      const token = this.#take();
      if (token.kind === 'space') continue;
      if (token.kind === 'pipe') {
        const after = this.#peekAfterSpace();
        if (after.kind === 'close' || after.kind === 'right' || after.kind === 'pipe') throw this.#error(after, 'missing value for command');
      } else if (token.kind === 'right' || token.kind === 'close') {
        this.#next--;
      } else {
        throw this.#unexpected(token, 'operand');
      }
      if (args.length === 0) throw this.#error(token, 'empty command');
      const at = args[0]?.at ?? token.at;
      return { args, at, source: this.#source(at, token.at) };
    }
  }

  /** A term and the fields right behind it. */
  #operand(): Operand | undefined {
    const term = this.#term();
    if (term === undefined || this.#peek().kind !== 'field') return term;
    const names: string[] = [];
    while (this.#peek().kind === 'field') names.push(this.#take().text.slice(1));
    const source = this.#source(term.at, this.#peek().at);
    switch (term.kind) {
      case 'field':
        return { ...term, names: [...term.names, ...names], source };
      case 'variable':
        return { ...term, names: [...term.names, ...names], source };
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        throw this.#error(this.#peek(), `unexpected . after term ${JSON.stringify(term.source)}`);
      default:
        return { kind: 'chain', base: term, names, at: term.at, source };
    }
  }

  #term(): Operand | undefined {
    const token = this.#take();
    const { at, text: source } = token;
    switch (token.kind) {
      case 'identifier':
        if (!this.#functions.has(source)) throw this.#error(token, `function "${source}" not defined`);
        return { kind: 'function', name: source, at, source };
      case 'dot':
        return { kind: 'dot', at, source };
      case 'nil':
        return { kind: 'nil', at, source };
      case 'variable':
        if (!this.#variables.includes(source)) throw this.#error(token, `undefined variable "${source}"`);
        return { kind: 'variable', name: source, names: [], at, source };
      case 'field':
        return { kind: 'field', names: [source.slice(1)], at, source };
      case 'bool':
        return { kind: 'bool', value: source === 'true', at, source };
      case 'number':
        return { kind: 'number', value: readNumber(source), at, source };
      case 'char': {
        const [character = '', ...more] = unquote(source) ?? '';
        if (character === '' || more.length > 0) throw this.#error(token, `malformed character constant: ${source}`);
        return { kind: 'number', value: character.codePointAt(0) ?? 0, at, source };
      }
      case 'string': {
        const value = unquote(source);
        if (value === undefined) throw this.#error(token, 'invalid syntax');
        return { kind: 'string', value, at, source };
      }
      case 'left': {
        const pipe = this.#pipe('parenthesized pipeline', 'right');
        return { kind: 'pipe', pipe, at, source: this.#source(at, this.#peek().at) };
      }
      default:
        this.#next--;
        return undefined;
    }
  }

  #take(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#next++;
    return token;
  }
  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', at: this.#text.length };
  }
  #skipSpace(): void {
    while (this.#peek().kind === 'space') this.#next++;
  }
  #takeAfterSpace(): Token {
    this.#skipSpace();
    return this.#take();
  }
  #peekAfterSpace(): Token {
    const token = this.#takeAfterSpace();
    this.#next--;
    return token;
  }
  #expectClose(context: string): void {
    const token = this.#takeAfterSpace();
    if (token.kind !== 'close') throw this.#unexpected(token, context);
  }
  #source(from: number, to: number): string {
    return this.#text.slice(from, to).trim();
  }
  #unexpected(token: Token, context: string): Error {
    return this.#error(token, token.kind === 'end' ? 'unexpected EOF' : `unexpected ${token.kind === 'keyword' ? `<${token.text}>` : JSON.stringify(token.text)} in ${context}`);
  }
  #error(token: Token, message: string): Error {
    return invalid(this.#text, this.#name, token.at, message);
  }
}

function readNumber(text: string): number {
  const digits = text.replaceAll('_', '');
  const sign = digits.startsWith('-') ? -1 : 1;
  const body = digits.replace(/^[+-]/, '');
  // A leading zero makes an octal number, as in Go.
  return sign * (/^0\d+$/.test(body) ? Number.parseInt(body, 8) : Number(body));
}
