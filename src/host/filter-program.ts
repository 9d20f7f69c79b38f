/** Bytes through a program of the machine: a fixed argv, found by findProgram(), with nothing but stdin, stdout and stderr. */
import { SkiffError } from '../lib/errors.ts';
import { childEnv } from './env.ts';
import { readToEnd, readableFrom, writeAndClose } from './pipes.ts';
import { spawnStream } from './run.ts';

const maxComplaintBytes = 64 * 1024;

/**
 * What argv[0] writes while it reads `source`: a descriptor (from its offset on, stays the caller's) or a stream. Who stops reading
 * ends the program.
 * @throws HELPER_MISSING, HELPER_FAILED (data.said: what it wrote to stderr), and what the source throws
 */
export async function* filtered(argv: readonly string[], source: number | AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, void> {
  const name = argv[0] ?? '';
  const child = spawnStream(argv, { stdin: typeof source === 'number' ? source : 'pipe', stdout: 'pipe', stderr: 'pipe', env: childEnv({ LC_ALL: 'C' }) });
  if (child.stdout === undefined) throw new SkiffError('INTERNAL', `${name} was started without pipes`);
  let isOver = false;
  const ended = child.ended.finally(() => { isOver = true; });
  const complaint = readToEnd(child.stderr, maxComplaintBytes).then((bytes) => bytes.toString().trim(), () => '');
  const output = await readableFrom(child.stdout);
  const fed = typeof source === 'number' ? Promise.resolve() : writeAndClose(child.stdin, source);
  // Looked at below; until then a failure is no surprise to anyone. It also ends what is read.
  fed.catch((error: unknown) => output.destroy(error instanceof Error ? error : new Error(String(error))));
  try {
    yield* output as AsyncIterable<Buffer>;
    await fed;
    const { exitCode, signal } = await ended;
    if (exitCode === 0) return;
    const said = await complaint;
    throw new SkiffError('HELPER_FAILED', `${name} ended with ${signal === undefined ? `exit code ${exitCode}` : `signal ${signal}`}${said === '' ? '' : `: ${said.split('\n', 1)[0]}`}`, { data: { said } });
  } finally {
    // Once waited for, its pid may be another's.
    if (!isOver) child.kill(15);
  }
}
