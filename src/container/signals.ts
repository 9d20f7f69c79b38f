/** Signals as users write them: "TERM", "SIGTERM", "15", "RTMIN+3", any case. */
import { constants } from 'node:os';
import { SkiffError } from '../lib/errors.ts';

/** glibc keeps two real-time signals for itself: SIGRTMIN is 34 there, and 34 is what Docker and Podman mean too. */
const rtMin = 34;
const rtMax = 64;

/** The number of a signal. @throws USAGE */
export function parseSignal(text: string): number {
  const number = tryParseSignal(text);
  if (number === undefined) throw new SkiffError('USAGE', `invalid signal ${JSON.stringify(text)}`, { hint: 'signals are named like TERM or SIGTERM, or numbered 1 to 64' });
  return number;
}

export function tryParseSignal(text: string): number | undefined {
  if (/^\d{1,3}$/.test(text)) {
    const number = Number(text);
    return number >= 1 && number <= rtMax ? number : undefined;
  }
  const name = text.toUpperCase().replace(/^SIG/, '');
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (realTime !== null) {
    const offset = Number(realTime[3] ?? 0) * (realTime[2] === '-' ? -1 : 1);
    const number = (realTime[1] === 'MIN' ? rtMin : rtMax) + offset;
    return number >= rtMin && number <= rtMax ? number : undefined;
  }
  return Object.entries(constants.signals).find(([known]) => known === `SIG${name}`)?.[1];
}
