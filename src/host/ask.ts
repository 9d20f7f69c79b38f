/**
 * Questions to the person at the terminal: the question on stderr, the answer from standard input. Only where both are a terminal:
 * nothing that a script calls may wait for an answer.
 */
import { SkiffError } from '../lib/errors.ts';
import { writeStderr } from '../lib/log.ts';
import { isTerminal } from './tty.ts';

const maxLength = 64 * 1024;

/** A line. @throws USAGE where nobody can answer, or the person ends the input or presses ctrl-c */
export async function askLine(question: string): Promise<string> {
  return ask(question, true);
}

/** A line that isn't shown while it is typed. @throws as askLine */
export async function askSecret(question: string): Promise<string> {
  return ask(question, false);
}

/** All of standard input, as text. @throws USAGE where it is a terminal, or longer than any answer is */
export async function readStdin(): Promise<string> {
  if (isTerminal(0)) throw new SkiffError('USAGE', 'standard input is a terminal: want a pipe or a file');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxLength) throw new SkiffError('USAGE', `standard input is longer than ${maxLength} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function ask(question: string, echo: boolean): Promise<string> {
  if (!isTerminal(0) || !isTerminal(2)) throw new SkiffError('USAGE', `${question.replace(/[: ]+$/, '').toLowerCase()} is needed, and standard input is no terminal to ask for it`);
  const { ReadStream } = await import('node:tty');
  const terminal = new ReadStream(0);
  terminal.setEncoding('utf8');
  // The terminal's own line editing where the answer may be seen; where not, raw mode is the only one that Node offers without echo.
  // Before the question: who sees it types at once.
  if (!echo) terminal.setRawMode(true);
  try {
    writeStderr(question);
    // Not destroyed at the end of the line: a stream that is can't give the echo back.
    return await readLine(terminal.iterator({ destroyOnReturn: false }), echo);
  } finally {
    if (!echo) {
      terminal.setRawMode(false);
      writeStderr('\n');
    }
    terminal.destroy();
  }
}

/** In raw mode the line's editing is ours: backspace, ctrl-u, and ctrl-c, which is no signal then. */
async function readLine(typed: AsyncIterable<string>, cooked: boolean): Promise<string> {
  let line = '';
  for await (const chunk of typed) {
    for (const character of chunk) {
      if (character === '\n' || (character === '\r' && !cooked)) return line;
      if (cooked) line += character;
      else if (character === '\x03') throw new SkiffError('USAGE', 'interrupted', { exitCode: 130 });
      else if (character === '\x04') throw ended();
      else if (character === '\x7f' || character === '\b') line = [...line].slice(0, -1).join('');
      else if (character === '\x15') line = '';
      else line += character;
      if (line.length > maxLength) throw new SkiffError('USAGE', `answer longer than ${maxLength} characters`);
    }
  }
  throw ended();
}

function ended(): SkiffError {
  return new SkiffError('USAGE', 'no answer: end of input');
}
