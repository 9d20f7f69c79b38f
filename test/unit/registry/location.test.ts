import test from 'ava';
import { checkLocation } from '../../../src/registry/location.ts';

const base = new URL('https://registry.example/v2/');
const strict = { insecure: false, mendsScheme: false };
const asked = (location: string, rule = strict, from = base): string => {
  const to = checkLocation(location, from, rule);
  return 'fault' in to ? to.fault : to.href;
};

test('checkLocation() resolves against where it was sent from, without user, password and fragment', (t) => {
  t.is(asked('blobs/x?a=b'), 'https://registry.example/v2/blobs/x?a=b');
  t.is(asked('//other.example/y'), 'https://other.example/y');
  t.is(asked('https://me:secret@other.example/y#z'), 'https://other.example/y');
});

test('checkLocation() goes to http and https only, and from https to http only where that is allowed', (t) => {
  t.is(asked('https://['), 'unreadable');
  t.is(asked('file:///etc/passwd'), 'scheme');
  t.is(asked('http://other.example/'), 'downgrade');
  t.is(asked('http://other.example/', { ...strict, insecure: true }), 'http://other.example/');
  t.is(asked('http://other.example/', strict, new URL('http://registry.example/')), 'http://other.example/');
});

test('checkLocation() takes http at our own host for https where a proxy may have ended TLS, and at no other', (t) => {
  t.is(asked('http://registry.example/upload', { ...strict, mendsScheme: true }), 'https://registry.example/upload');
  t.is(asked('http://other.example/upload', { ...strict, mendsScheme: true }), 'downgrade');
});
