import test from 'ava';
import { wrap } from '../../../src/lib/errors.ts';
import { answerError, bodyTimeout, exchangeError, isTemporary, registryErrorOf } from '../../../src/registry/errors.ts';

const url = new URL('https://user:secret@r.example/v2/a/manifests/x?sig=secret');
const answer = (status: number, body: unknown): { status: number; statusText: string; body: Buffer; retryAfterMs: undefined } => ({ status, statusText: 'Internal Server Error', body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), retryAfterMs: undefined });

test('answerError() names method, redacted URL, status and the registry\'s own codes', (t) => {
  const error = answerError('GET', url, answer(404, { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest\nunknown' }] }), { 404: 'MANIFEST_UNKNOWN' });
  t.is(error.message, 'GET https://r.example/v2/a/manifests/x?sig=***: 404 MANIFEST_UNKNOWN: manifest unknown');
  t.is(error.code, 'MANIFEST_UNKNOWN');
  t.deepEqual(error.errors, [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }]);
  t.false(JSON.stringify([error.message, error.url, error.data]).includes('secret'));
});

test('answerError() codes by status, and says what may pass', (t) => {
  const codes = (status: number, body: unknown = ''): unknown[] => { const error = answerError('GET', url, answer(status, body)); return [error.code, error.temporary]; };
  t.deepEqual(codes(401), ['REGISTRY_UNAUTHORIZED', false]);
  t.deepEqual(codes(403), ['REGISTRY_UNAUTHORIZED', false]);
  t.deepEqual(codes(404), ['REGISTRY_FAILED', false]);
  t.deepEqual(codes(404, { errors: [{ code: 'NAME_UNKNOWN' }] }), ['NAME_UNKNOWN', false]);
  for (const status of [408, 429, 500, 502, 503, 504]) t.deepEqual(codes(status), ['REGISTRY_FAILED', true]);
});

test('answerError() bears any body', (t) => {
  for (const body of ['<html>', '[]', 'null', '{"errors":null}', '{"errors":[1,null,{}]}', '{"errors":[{"code":5}]}']) t.regex(answerError('GET', url, answer(500, body)).message, /: 500 Internal Server Error$/, body);
  t.is(answerError('GET', url, answer(500, 'x'.repeat(100_000))).body.length, 8192);
});

test('exchangeError() tells stages apart, below other errors too', (t) => {
  const stages = (code: string, message = 'x'): unknown[] => { const error = registryErrorOf(exchangeError(Object.assign(new Error(message), { code }), 'GET', url)); return [error?.stage, error?.temporary]; };
  t.deepEqual(stages('ECONNREFUSED'), ['connect', true]);
  t.deepEqual(stages('ENOTFOUND'), ['connect', false]);
  t.deepEqual(stages('ECONNRESET'), ['exchange', true]);
  t.deepEqual(stages(bodyTimeout), ['exchange', true]);
  t.deepEqual(stages('DEPTH_ZERO_SELF_SIGNED_CERT'), ['tls', false]);
  t.deepEqual(stages('EPROTO', 'ssl3_get_record:wrong version number'), ['tls', false]);
  const refused = Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
  t.true(isTemporary(exchangeError(new AggregateError([refused, refused]), 'GET', url)));
});

test('exchangeError() names the proxy that can\'t be reached, without its password', (t) => {
  const through = (code: string): string => exchangeError(Object.assign(new Error('x'), { code }), 'GET', url, { proxy: new URL('http://me:secret@proxy.test:3128') }).message;
  t.regex(through('ECONNREFUSED'), /: proxy http:\/\/proxy\.test:3128: connection refused$/);
  t.regex(through('ENOTFOUND'), /: proxy http:\/\/proxy\.test:3128: no such host proxy\.test$/);
  t.notRegex(through('ECONNRESET'), /proxy/);
});

test('isTemporary() looks through what was put in front', (t) => {
  const error = answerError('GET', url, answer(503, ''));
  t.true(isTemporary(wrap(wrap(error, 'fetch'), 'pull')));
  t.false(isTemporary(new Error('other')));
});

test('exchangeError() of a stopped exchange is the reason to stop', (t) => {
  const reason = new Error('interrupted');
  t.is(exchangeError(new Error('aborted'), 'GET', url, { signal: AbortSignal.abort(reason) }), reason);
});

test('exchangeError() of a server that wants a client certificate says so, and where it belongs', (t) => {
  const alert = (text: string, showsCertificate: boolean): { message: string; hint?: string | undefined } | undefined =>
    registryErrorOf(exchangeError(Object.assign(new Error(`00AB:error:0A000412:SSL routines:ssl3_read_bytes:${text}:../deps/openssl/ssl/record/rec_layer_s3.c:1586:SSL alert number 42`), { code: 'ERR_SSL_X' }), 'GET', new URL('https://r.example:5000/v2/'), { showsCertificate }));
  for (const text of ['sslv3 alert bad certificate', 'tlsv13 alert certificate required', 'tlsv1 alert unknown ca']) {
    t.is(alert(text, false)?.message, 'GET https://r.example:5000/v2/: it wants a client certificate');
    t.is(alert(text, false)?.hint, 'put the certificate and its key into ~/.config/containers/certs.d/r.example:5000, as client.cert and client.key');
    t.is(alert(text, true)?.message, 'GET https://r.example:5000/v2/: it does not take our client certificate');
  }
  t.regex(alert('sslv3 alert handshake failure', false)?.message ?? '', /TLS: .*handshake failure/);
});

test('answerError() names a wait that is longer than anybody waits', (t) => {
  t.regex(answerError('GET', url, { ...answer(429, ''), retryAfterMs: 3_600_000 }).message, /: 429 Internal Server Error; it asks to be tried again in 3600 s$/);
  t.notRegex(answerError('GET', url, { ...answer(429, ''), retryAfterMs: 60_000 }).message, /again/);
});
