/**
 * The words of a template, as Go's text/template/parse cuts them: text, and within {{ }} blanks, which separate arguments.
 * @see text/template "Text and spaces" for the trim markers
 */
import { SkiffError } from '../errors.ts';
import { lineOf } from './ast.ts';

export type TokenKind =
  | 'text' | 'open' | 'close' | 'space' | 'field' | 'variable' | 'identifier' | 'keyword' | 'dot' | 'nil' | 'bool' | 'number' | 'char' | 'string'
  | 'pipe' | 'declare' | 'assign' | 'comma' | 'left' | 'right' | 'end';

export interface Token { kind: TokenKind; text: string; at: number }

const keywords = new Set(['if', 'else', 'end', 'range', 'with', 'break', 'continue', 'define', 'template', 'block']);

type Patterns = readonly (readonly [TokenKind, RegExp])[];

/** `letter` and `alnum` are the insides of character classes. */
function makePatterns(letter: string, alnum: string, flags: string): Patterns {
  const pattern = (source: string): RegExp => new RegExp(source, flags);
  return [
    ['space', pattern('[ \\t\\r\\n]+')],
    ['field', pattern(`\\.[${letter}][${alnum}]*`)],
    ['number', pattern(`[+-]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\\d[\\d_]*(?:\\.[\\d_]*)?|\\.\\d[\\d_]*)(?:[eE][+-]?\\d+)?)(?![${alnum}])`)],
    ['string', pattern('"(?:[^"\\\\\\n]|\\\\[^\\n])*"|`[^`]*`')],
    ['char', pattern("'(?:[^'\\\\\\n]|\\\\[^\\n])+'")],
    ['dot', pattern(`\\.(?![${alnum}])`)],
    ['variable', pattern(`\\$[${alnum}]*`)],
    ['identifier', pattern(`[${letter}][${alnum}]*`)],
    ['declare', pattern(':=')],
    ['assign', pattern('=')],
    ['pipe', pattern('\\|')],
    ['comma', pattern(',')],
    ['left', pattern('\\(')],
    ['right', pattern('\\)')],
  ];
}

let ascii: Patterns | undefined;
let unicode: Patterns | undefined;

/** Classes of all of Unicode cost a millisecond to compile; hardly any template needs them. */
function patternsFor(text: string): Patterns {
  // oxlint-disable-next-line no-control-regex -- ASCII is what is meant
  if (/^[\x00-\x7F]*$/.test(text)) return (ascii ??= makePatterns('A-Za-z_', '\\w', 'y'));
  return (unicode ??= makePatterns('\\p{L}_', '\\p{L}\\p{Nd}_', 'uy'));
}

/** @throws TEMPLATE_INVALID with Go's wording, position included */
export function lex(text: string, name: string): Token[] {
  const tokens: Token[] = [];
  const patterns = patternsFor(text);
  let at = 0;
  let trimNext = false;
  const pushText = (end: number, trimEnd: boolean): void => {
    let piece = text.slice(at, end);
    if (trimNext) piece = piece.replace(/^[ \t\r\n]+/, '');
    if (trimEnd) piece = piece.replace(/[ \t\r\n]+$/, '');
    if (piece !== '') tokens.push({ kind: 'text', text: piece, at });
  };
  for (;;) {
    const open = text.indexOf('{{', at);
    if (open < 0) {
      pushText(text.length, false);
      tokens.push({ kind: 'end', text: '', at: text.length });
      return tokens;
    }
    const trims = /^\{\{-[ \t\r\n]/.test(text.slice(open, open + 4));
    pushText(open, trims);
    const start = open + (trims ? 3 : 2);
    if (text.startsWith('/*', start) || /^\s\/\*/.test(text.slice(start, start + 3))) {
      ({ at, trimNext } = comment(text, name, open));
      continue;
    }
    tokens.push({ kind: 'open', text: '{{', at: open });
    ({ at, trimNext } = action({ text, name, patterns }, start, open, tokens));
  }
}

interface After { at: number; trimNext: boolean }

function comment(text: string, name: string, open: number): After {
  const end = text.indexOf('*/', open);
  if (end < 0) throw invalid(text, name, open, 'unclosed comment');
  if (text.startsWith('}}', end + 2)) return { at: end + 4, trimNext: false };
  if (/^[ \t\r\n]-\}\}/.test(text.slice(end + 2, end + 6))) return { at: end + 6, trimNext: true };
  throw invalid(text, name, open, 'comment ends before closing delimiter');
}

/** The tokens up to and with the closing braces. */
function action({ text, name, patterns }: { text: string; name: string; patterns: Patterns }, start: number, open: number, tokens: Token[]): After {
  let at = start;
  let depth = 0;
  for (;;) {
    if (/^[ \t\r\n]-\}\}/.test(text.slice(at, at + 4)) || text.startsWith('}}', at)) {
      const trimNext = !text.startsWith('}}', at);
      if (depth > 0) throw invalid(text, name, at, 'unclosed left paren');
      tokens.push({ kind: 'close', text: '}}', at });
      return { at: at + (trimNext ? 4 : 2), trimNext };
    }
    if (at >= text.length) throw invalid(text, name, open, 'unclosed action');
    const token = match(text, at, patterns);
    if (token === undefined) throw invalid(text, name, at, badCharacter(text, at));
    if (token.kind === 'left') depth++;
    if (token.kind === 'right' && --depth < 0) throw invalid(text, name, at, 'unexpected right paren');
    tokens.push(token);
    at += token.text.length;
  }
}

function match(text: string, at: number, patterns: Patterns): Token | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found === undefined) continue;
    if (kind === 'space') {
      // A blank before "-}}" belongs to the trim marker.
      const trimmed = /^[^]*(?=[ \t\r\n]-\}\})/.exec(text.slice(at, at + found.length + 3))?.[0];
      return { kind, text: trimmed === undefined || trimmed === '' ? found : trimmed, at };
    }
    if (kind !== 'identifier') return { kind, text: found, at };
    if (keywords.has(found)) return { kind: 'keyword', text: found, at };
    if (found === 'true' || found === 'false') return { kind: 'bool', text: found, at };
    return { kind: found === 'nil' ? 'nil' : 'identifier', text: found, at };
  }
  return undefined;
}

function badCharacter(text: string, at: number): string {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (character === '"') return 'unterminated quoted string';
  if (character === '`') return 'unterminated raw quoted string';
  if (character === "'") return 'unterminated character constant';
  if (character === ':') return 'expected :=';
  if (/[\d+.]/.test(character)) return `bad number syntax: ${JSON.stringify(/^[\w+.-]+/.exec(text.slice(at))?.[0] ?? character)}`;
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return character === '{' || character === '-' || character > ' ' ? `bad character U+${code} '${character}'` : `bad character U+${code}`;
}

export function invalid(text: string, name: string, at: number, message: string): SkiffError {
  return new SkiffError('TEMPLATE_INVALID', `template: ${name}:${lineOf(text, at)}: ${message}`);
}
