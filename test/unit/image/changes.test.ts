import test from 'ava';
import { applyChanges } from '../../../src/image/changes.ts';
import { isCode } from '../../../src/lib/errors.ts';

for (const [changes, expected] of [
  [['CMD ["sh","-c","x"]'], { Cmd: ['sh', '-c', 'x'] }],
  [['CMD echo hi'], { Cmd: ['/bin/sh', '-c', 'echo hi'] }],
  [['CMD [ -e /x ]'], { Cmd: ['/bin/sh', '-c', '[ -e /x ]'] }],
  [['ENTRYPOINT=["a"]'], { Entrypoint: ['a'] }],
  [['cmd ["a"]', 'CMD ["b"]'], { Cmd: ['b'] }],
  [['ENV A=b'], { Env: ['A=b'] }],
  [['ENV A=b C="d e" F=\'g"h\' I=j\\ k'], { Env: ['A=b', 'C=d e', 'F=g"h', 'I=j k'] }],
  [['ENV A the rest = of it'], { Env: ['A=the rest = of it'] }],
  [['ENV A'], { Env: ['A='] }],
  [['ENV B=two words', 'ENV A=b "c d"', 'LABEL a=b c'], { Env: ['B=two words', 'A=b "c d"'], Labels: { a: 'b c' } }],
  [['ENV=A=b=c'], { Env: ['A=b=c'] }],
  [['ENV A=1 B=2', 'ENV A=3'], { Env: ['A=3', 'B=2'] }],
  [['LABEL a=b "c d"=e'], { Labels: { a: 'b', 'c d': 'e' } }],
  [['LABEL __proto__=x'], { Labels: Object.fromEntries([['__proto__', 'x']]) }],
  [['EXPOSE 80 53/UDP 90-92/sctp'], { ExposedPorts: { '80/tcp': {}, '53/udp': {}, '90-92/sctp': {} } }],
  [['VOLUME /a /b', 'VOLUME ["/c d"]'], { Volumes: { '/a': {}, '/b': {}, '/c d': {} } }],
  [['WORKDIR /a', 'WORKDIR b', 'WORKDIR ../c'], { WorkingDir: '/a/c' }],
  [['USER 1000:1000'], { User: '1000:1000' }],
  [['STOPSIGNAL SIGINT'], { StopSignal: 'SIGINT' }], [['STOPSIGNAL 9'], { StopSignal: '9' }], [['STOPSIGNAL RTMIN+3'], { StopSignal: 'RTMIN+3' }],
  [['ONBUILD RUN a', 'ONBUILD RUN b'], { OnBuild: ['RUN a', 'RUN b'] }],
] as const) {
  test(`applyChanges() reads ${JSON.stringify(changes)}`, (t) => {
    t.deepEqual(applyChanges({}, changes) as unknown, expected);
  });
}

test('applyChanges() leaves its input alone and keeps what it does not change', (t) => {
  const before = { Env: ['A=1'], Cmd: ['x'], Shell: ['/bin/bash', '-c'] };
  t.deepEqual(applyChanges(before, ['ENV B=2', 'ENTRYPOINT run']), { Env: ['A=1', 'B=2'], Cmd: ['x'], Shell: ['/bin/bash', '-c'], Entrypoint: ['/bin/bash', '-c', 'run'] });
  t.deepEqual(before.Env, ['A=1']);
});

for (const [change, message] of [
  ['', /invalid instruction/], ['FOO bar', /invalid instruction FOO/], ['HEALTHCHECK x', /invalid instruction HEALTHCHECK/], ['toString x', /invalid instruction TOSTRING/],
  ['CMD', /KEY VALUE/], ['USER ', /KEY VALUE/], ['USER a b', /one word/], ['ENV "a', /unterminated quote/], ['ENV =x', /key=value/], ['LABEL a=b =c', /key=value/],
  ['EXPOSE 70000', /valid port/], ['EXPOSE 0', /valid port/], ['EXPOSE 9-8', /valid port/], ['EXPOSE 80/foo', /no port/], ['EXPOSE x', /no port/],
  ['STOPSIGNAL foo', /invalid signal: foo/], ['STOPSIGNAL 65', /invalid signal/], ['STOPSIGNAL SIGtoString', /invalid signal/],
] as const) {
  test(`applyChanges() refuses ${JSON.stringify(change)}`, (t) => {
    const error = t.throws(() => applyChanges({}, [change]), { message });
    t.true(isCode(error, 'USAGE'));
    t.true(error?.message.startsWith(`invalid change ${JSON.stringify(change)}: `));
  });
}
