import test from 'ava';
import { withoutSecrets } from '../../../src/image/url-text.ts';

test('withoutSecrets() takes user and password away, whatever is in them', (t) => {
  t.is(withoutSecrets('https://me:secret@host/a@b'), 'https://host/a@b');
  t.is(withoutSecrets('https://me:se@cr@et@host:1/a'), 'https://host:1/a');
  t.is(withoutSecrets('https://host/a?to=x@y'), 'https://host/a?to=x@y');
  t.is(withoutSecrets('https://host?to=x@y'), 'https://host?to=x@y');
  t.is(withoutSecrets('a@b.tar'), 'a@b.tar');
});
