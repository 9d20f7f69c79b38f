import test from 'ava';
import { oneLine, redactUrl } from '../../../src/registry/redact.ts';

test('redactUrl() shows where, and not what opens it', (t) => {
  t.is(redactUrl(new URL('https://user:secret@s3.example:8443/bucket/x?X-Amz-Signature=secret&n=10#secret')), 'https://s3.example:8443/bucket/x?X-Amz-Signature=***&n=10');
  t.is(redactUrl(new URL('https://r.example/token?scope=repository%3Aa%2Fb%3Apull%2Cpush&service=r')), 'https://r.example/token?scope=repository:a/b:pull,push&service=r');
  t.is(redactUrl(new URL('http://r.example/v2/')), 'http://r.example/v2/');
});

test('oneLine() leaves no control character and bounds the length', (t) => {
  t.is(oneLine(' a\r\n\u001b[31mb\u009b '), 'a [31mb');
  t.is(oneLine('x'.repeat(1000)).length, 200);
});
