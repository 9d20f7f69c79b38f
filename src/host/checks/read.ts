/** Small reads for checks: what can't be read is undefined, since the absence is the finding. */
import { readFileSync } from 'node:fs';

export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** The number in a sysctl's file. */
export function readNumber(path: string): number | undefined {
  const text = readText(path)?.trim();
  return text === undefined || !/^-?\d+$/.test(text) ? undefined : Number(text);
}

/** The invoking user's name: by /etc/passwd, since inside the user namespace libc would say "root"; else $USER. */
export function userName(uid: number): string | undefined {
  const line = readText('/etc/passwd')?.split('\n').find((entry) => entry.split(':')[2] === String(uid));
  return line?.split(':')[0] ?? process.env['USER'];
}
