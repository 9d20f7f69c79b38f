import test from 'ava';
import { isLogged, logLevels, setLogLevel } from '../../../src/lib/log.ts';

test('setLogLevel() shows a level and those above it', (t) => {
  setLogLevel('info');
  t.deepEqual(logLevels.filter((level) => isLogged(level)), ['error', 'warn', 'info']);
  setLogLevel('ERROR');
  t.deepEqual(logLevels.filter((level) => isLogged(level)), ['error']);
  setLogLevel('warning');
  t.deepEqual(logLevels.filter((level) => isLogged(level)), ['error', 'warn']);
});

test('setLogLevel() refuses what is no level', (t) => {
  for (const name of ['', 'loud', 'constructor']) t.throws(() => setLogLevel(name), { code: 'USAGE' }, name);
});
