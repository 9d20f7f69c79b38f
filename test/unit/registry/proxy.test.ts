import test from 'ava';
import { isCode } from '../../../src/lib/errors.ts';
import { proxyFor } from '../../../src/registry/proxy.ts';

const both = { HTTP_PROXY: 'http://web:3128', HTTPS_PROXY: 'http://tls:3129' };
const isDirect = (url: string, noProxy: string): boolean => proxyFor(new URL(url), { ...both, NO_PROXY: noProxy }) === undefined;

test('proxyFor() chooses by the scheme of the request', (t) => {
  t.is(proxyFor(new URL('https://r.example/v2/'), both)?.host, 'tls:3129');
  t.is(proxyFor(new URL('http://r.example/v2/'), both)?.host, 'web:3128');
  t.is(proxyFor(new URL('https://r.example'), { HTTP_PROXY: 'http://web:3128' }), undefined);
  t.is(proxyFor(new URL('https://r.example'), {}), undefined);
});

test('proxyFor() reads both spellings, capitals first, and adds http:// where no scheme is written', (t) => {
  t.is(proxyFor(new URL('https://r.example'), { https_proxy: 'low:1' })?.href, 'http://low:1/');
  t.is(proxyFor(new URL('https://r.example'), { https_proxy: 'low:1', HTTPS_PROXY: 'up:2' })?.host, 'up:2');
  t.is(proxyFor(new URL('https://r.example'), { HTTPS_PROXY: '', https_proxy: 'low:1' })?.host, 'low:1');
  t.is(proxyFor(new URL('https://r.example'), { HTTPS_PROXY: 'socks5h://s:1080' })?.protocol, 'socks5:');
});

test('proxyFor() refuses what is no proxy, without telling its password', (t) => {
  for (const text of ['ftp://user:hunter2@x', 'http://user:hunter2@:bad:']) {
    const error = t.throws(() => proxyFor(new URL('https://r.example'), { HTTPS_PROXY: text }));
    t.true(isCode(error, 'USAGE'));
    t.false(error?.message.includes('hunter2'));
  }
});

test('proxyFor() goes to loopback and localhost directly', (t) => {
  for (const host of ['localhost', 'localhost:5000', '127.0.0.1:5000', '127.9.9.9', '[::1]:5000']) t.true(isDirect(`https://${host}/`, ''), host);
});

test('NO_PROXY: a name stands for itself and what is below it, a leading dot only for what is below', (t) => {
  for (const entry of ['example.com', ' Example.COM ', 'other,example.com']) {
    t.true(isDirect('https://example.com/', entry), entry);
    t.true(isDirect('https://r.example.com/', entry), entry);
    t.false(isDirect('https://notexample.com/', entry), entry);
  }
  for (const entry of ['.example.com', '*.example.com']) {
    t.false(isDirect('https://example.com/', entry), entry);
    t.true(isDirect('https://r.example.com/', entry), entry);
  }
});

test('NO_PROXY: ports, addresses, networks, all', (t) => {
  t.true(isDirect('https://example.com:5000/', 'example.com:5000'));
  t.false(isDirect('https://example.com/', 'example.com:5000'));
  t.true(isDirect('https://example.com/', 'example.com:443'));
  t.true(isDirect('http://example.com/', 'example.com:80'));
  t.true(isDirect('https://10.1.2.3/', '10.1.2.3'));
  t.true(isDirect('https://10.1.2.3:8443/', '10.1.2.3:8443'));
  t.false(isDirect('https://10.1.2.3/', '10.1.2.3:8443'));
  t.true(isDirect('https://10.1.2.3/', '10.0.0.0/8'));
  t.false(isDirect('https://11.1.2.3/', '10.0.0.0/8'));
  t.false(isDirect('https://ten.example/', '10.0.0.0/8'));
  t.true(isDirect('https://[fd00::1]/', 'fd00::/8'));
  t.true(isDirect('https://[fd00::1]:5000/', '[fd00::1]:5000'));
  t.true(isDirect('https://[fd00::1]/', 'fd00:0:0::1'));
  t.true(isDirect('https://anything/', 'x, *'));
  t.false(isDirect('https://anything/', ',, '));
  t.false(isDirect('https://anything/', '10.0.0.0/99,/8,nonsense/8'));
});
