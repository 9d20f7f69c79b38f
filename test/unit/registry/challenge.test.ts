import test from 'ava';
import { parseChallenges } from '../../../src/registry/challenge.ts';
import { isCode } from '../../../src/lib/errors.ts';

function plain(line: string): unknown {
  return parseChallenges(line).map(({ scheme, params }) => [scheme, Object.fromEntries(params)]);
}

test('parseChallenges() reads one challenge, names in any case', (t) => {
  t.deepEqual(plain('Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"'), [
    ['bearer', { realm: 'https://auth.example/token', service: 'registry.example', scope: 'repository:a/b:pull,push' }],
  ]);
  t.deepEqual(plain('BEARER Realm = "x" , SERVICE=y'), [['bearer', { realm: 'x', service: 'y' }]]);
});

test('parseChallenges() tells many challenges of one line apart', (t) => {
  t.deepEqual(plain('Basic realm="a, b=c", Bearer realm="d",service="e"'), [['basic', { realm: 'a, b=c' }], ['bearer', { realm: 'd', service: 'e' }]]);
  t.deepEqual(plain('Negotiate, Basic realm="a"'), [['negotiate', {}], ['basic', { realm: 'a' }]]);
  t.deepEqual(plain('Negotiate abc/def==, , Basic realm=a,'), [['negotiate', {}], ['basic', { realm: 'a' }]]);
});

test('parseChallenges() undoes backslashes in quotes', (t) => {
  t.deepEqual(plain(String.raw`Basic realm="say \"hi\" \\"`), [['basic', { realm: String.raw`say "hi" \ `.trim() }]]);
});

test('parseChallenges() of nothing is nothing', (t) => {
  t.deepEqual(parseChallenges(''), []);
  t.deepEqual(parseChallenges(' , ,'), []);
});

test('parseChallenges() refuses what breaks the grammar', (t) => {
  const broken = [
    'Bearer realm="open', 'Bearer realm="a" service="b"', 'Bearer realm="a",realm="b"', 'Bearer realm', 'Bearer realm="a\u0001b"', '"Bearer"', '= a', 'Bearer realm="a\\', 'Basic realm="a", =b',
    `Bearer realm="${'x'.repeat(17_000)}"`,
  ];
  for (const line of broken) {
    // `Bearer realm` alone is a token68, which says nothing.
    if (line === 'Bearer realm') t.deepEqual(plain(line), [['bearer', {}]]);
    else t.true(isCode(t.throws(() => parseChallenges(line), undefined, line), 'REGISTRY_FAILED'), line);
  }
});

test('parseChallenges() takes time in proportion to its input', (t) => {
  const started = performance.now();
  for (const piece of [' ', ',', 'a', 'a=', '"', '\\"', 'a ', 'a a=b,']) t.notThrows(() => { try { parseChallenges(`Bearer x="y",${piece.repeat(8000 / piece.length)}`); } catch (error) { if (!isCode(error, 'REGISTRY_FAILED')) throw error; } });
  t.true(performance.now() - started < 1000);
});

test('parseChallenges() of any text is challenges or a refusal', (t) => {
  const pieces = ['Bearer', 'Basic', ' ', ',', '=', '"', '\\', 'realm', 'a', '/', ':', '\t', '\u0000', '\u00e9', ';', '=='];
  let state = 1;
  // A generator of our own, so that a failure can be repeated.
  const next = (below: number): number => { state = (state * 48_271) % 2_147_483_647; return state % below; };
  for (let round = 0; round < 20_000; round++) {
    const line = Array.from({ length: next(20) }, () => pieces[next(pieces.length)]).join('');
    try {
      for (const { scheme, params } of parseChallenges(line)) {
        t.regex(scheme, /^[^\s",=]+$/);
        for (const [name, text] of params) if (/[^\t\u0020-\u007e\u0080-\uffff]/.test(name + text)) t.fail(line);
      }
    } catch (error) {
      if (!isCode(error, 'REGISTRY_FAILED')) throw error;
    }
  }
  t.pass();
});
