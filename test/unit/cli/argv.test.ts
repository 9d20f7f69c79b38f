import test from 'ava';
import { parseLine } from '../../../src/cli/argv.ts';
import type { OptionSpec } from '../../../src/cli/spec.ts';
import { UsageError } from '../../../src/cli/usage-error.ts';

const options: readonly OptionSpec[] = [
  { name: 'interactive', short: 'i', kind: 'bool', help: '' },
  { name: 'tty', short: 't', kind: 'bool', help: '' },
  { name: 'env', short: 'e', kind: 'list', help: '' },
  { name: 'publish', short: 'p', kind: 'list', commas: true, help: '' },
  { name: 'name', kind: 'string', help: '' },
  { name: 'network', aliases: ['net'], kind: 'string', help: '' },
  { name: 'progress', kind: 'string', bare: 'always', oneOf: ['always', 'missing', 'never'], help: '' },
  { name: 'last', short: 'n', kind: 'int', min: -1, help: '' },
  { name: 'cpus', kind: 'float', min: 0, help: '' },
  { name: 'memory', short: 'm', kind: 'bytes', help: '' },
  { name: 'memory-swap', kind: 'bytes', min: -1, help: '' },
  { name: 'interval', kind: 'duration', help: '' },
  { name: 'secret', kind: 'bool', help: '', hidden: true },
];
const parse = (words: string[], stopAtFirst = false, extra: OptionSpec[] = []) => parseLine(words, { options: [...extra, ...options], stopAtFirst, command: 'skiff run' });
const values = (...words: string[]): Record<string, unknown> => ({ ...parse(words).options });

test('parseLine() reads letters together, with a value glued or apart', (t) => {
  t.deepEqual(values('-it'), { interactive: true, tty: true });
  t.deepEqual(values('-eK=V'), { env: ['K=V'] });
  t.deepEqual(values('-e=K=V'), { env: ['K=V'] });
  t.deepEqual(values('-e', 'K=V'), { env: ['K=V'] });
  t.deepEqual(values('-ite', 'K=V'), { interactive: true, tty: true, env: ['K=V'] });
  t.deepEqual(values('-iteK=V'), { interactive: true, tty: true, env: ['K=V'] });
  t.deepEqual(values('-n5'), { last: 5 });
});

test('parseLine() takes a bool with "=", long and short', (t) => {
  t.deepEqual(values('--tty=false', '--interactive=1'), { tty: false, interactive: true });
  t.deepEqual(values('-t=false'), { tty: false });
  t.deepEqual(values('-it=F'), { interactive: true, tty: false });
  t.deepEqual(parse(['--tty', 'false']).args, ['false']);
});

test('parseLine() collects repeats of a list and keeps the last of others', (t) => {
  t.deepEqual(values('-e', 'A=1', '--env', 'B=2', '--env=C'), { env: ['A=1', 'B=2', 'C'] });
  t.deepEqual(values('-p', '8080:80', '-p=1:1,2:2'), { publish: ['8080:80', '1:1', '2:2'] });
  t.deepEqual(values('--name', 'a', '--name=b'), { name: 'b' });
});

test('parseLine() takes commas apart as CSV only where the option says so', (t) => {
  t.deepEqual(values('-e', 'A=1,2'), { env: ['A=1,2'] });
  t.deepEqual(values('-p', '"a,b",c'), { publish: ['a,b', 'c'] });
  t.deepEqual(values('-p', 'a,'), { publish: ['a', ''] });
  t.deepEqual(values('-p', '"say ""x""",'), { publish: ['say "x"', ''] });
  t.deepEqual(values('-p', ''), { publish: [] });
});

test('parseLine() gives an option any next word as its value, a dashed one too', (t) => {
  t.deepEqual(values('--name', '-x'), { name: '-x' });
  t.deepEqual(values('--name', '--'), { name: '--' });
  t.deepEqual(values('--name='), { name: '' });
});

test('parseLine() never gives a bare option the next word', (t) => {
  const line = parse(['--progress', 'image'], true);
  t.is(line.options['progress'], 'always');
  t.deepEqual(line.args, ['image']);
  t.is(parse(['--progress=never']).options['progress'], 'never');
});

test('parseLine() stores an alias under the option\'s own name', (t) => {
  t.deepEqual(values('--net', 'host'), { network: 'host' });
});

test('parseLine() ends options at "--" and leaves a lone "-" as an argument', (t) => {
  t.deepEqual(parse(['-i', '--', '-t', '--x']).args, ['-t', '--x']);
  t.deepEqual(parse(['-', 'x']).args, ['-', 'x']);
});

test('parseLine() mixes options and arguments, or stops at the first argument', (t) => {
  const mixed = parse(['a', '-i', 'b']);
  t.deepEqual([mixed.args, mixed.options['interactive']], [['a', 'b'], true]);
  const stopped = parse(['-i', 'image', '-t', '--nosuch', '--help'], true);
  t.deepEqual(stopped.args, ['image', '-t', '--nosuch', '--help']);
  t.is(stopped.options['tty'], undefined);
  t.false(stopped.help);
  t.deepEqual(parse(['--', 'image', '--x'], true).args, ['image', '--x']);
});

test('parseLine() finds --help and -h, and leaves -h to an option of that letter', (t) => {
  t.true(parse(['-i', '--help', 'x']).help);
  t.true(parse(['-h']).help);
  t.true(parse(['--help', '--nosuch']).help);
  t.false(parse(['--help=false']).help);
  const own = parse(['-h', 'box'], false, [{ name: 'hostname', short: 'h', kind: 'string', help: '' }]);
  t.false(own.help);
  t.is(own.options['hostname'], 'box');
});

test('parseLine() reads numbers, sizes and durations', (t) => {
  t.deepEqual(values('-n', '-1', '--cpus=.5', '-m', '64m', '--memory-swap=-1', '--interval', '1m30s'),
    { last: -1, cpus: 0.5, memory: 67_108_864, 'memory-swap': -1, interval: 90_000 });
});

const mistakes: readonly (readonly [string[], string, string?])[] = [
  [['--nmae', 'x'], 'unknown flag: --nmae', 'did you mean --name?'],
  [['--zzzzzz'], 'unknown flag: --zzzzzz'],
  [['--secre'], 'unknown flag: --secre'],
  [['-Z'], "unknown shorthand flag: 'Z' in -Z"],
  [['-iZ'], "unknown shorthand flag: 'Z' in -iZ"],
  [['-name'], 'invalid argument "ame" for "-n, --last" flag: not a whole number', 'did you mean --name?'],
  [['-interval=5s'], 'invalid argument "terval=5s" for "-n, --last" flag: not a whole number', 'did you mean --interval?'],
  [['-cpus', '2'], "unknown shorthand flag: 'c' in -cpus", 'did you mean --cpus?'],
  [['--name'], 'flag needs an argument: --name'],
  [['-e'], "flag needs an argument: 'e' in -e"],
  [['-ie'], "flag needs an argument: 'e' in -ie"],
  [['--tty=maybe'], 'invalid argument "maybe" for "-t, --tty" flag: want true or false'],
  [['-n', 'x'], 'invalid argument "x" for "-n, --last" flag: not a whole number'],
  [['-n', '-2'], 'invalid argument "-2" for "-n, --last" flag: must be at least -1'],
  [['-n', '99999999999999999999'], 'invalid argument "99999999999999999999" for "-n, --last" flag: out of range'],
  [['--cpus', '-1'], 'invalid argument "-1" for "--cpus" flag: must be at least 0'],
  [['--cpus', 'NaN'], 'invalid argument "NaN" for "--cpus" flag: not a number'],
  [['-m', '-1'], 'invalid argument "-1" for "-m, --memory" flag: invalid size "-1": want a number with an optional unit b, k, m, g, t or p'],
  [['--progress=alwasy'], 'invalid argument "alwasy" for "--progress" flag: want one of always, missing, never', 'did you mean always?'],
  [['-p', 'a"b'], 'invalid argument "a\\"b" for "-p, --publish" flag: a double quote in the middle of a field'],
];

for (const [words, message, hint] of mistakes) {
  test(`parseLine() refuses ${words.join(' ')}`, (t) => {
    const error = t.throws(() => parse(words), { instanceOf: UsageError });
    t.is(error.message, message);
    t.is(error.hint, hint);
    t.is(error.exitCode, 125);
    t.is(error.command, 'skiff run');
  });
}
