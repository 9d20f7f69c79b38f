import test from 'ava';
import { isCode } from '../../../src/lib/errors.ts';
import { checkDigest, verifyDigest } from '../../../src/oci/digest.ts';
import { parseDigest } from '../../../src/oci/ids.ts';

const sha256OfAbc = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const sha512OfAbc = 'sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f';

test('checkDigest() accepts the right bytes in pieces, in both algorithms', (t) => {
  for (const wanted of [sha256OfAbc, sha512OfAbc]) {
    const check = checkDigest(parseDigest(wanted));
    check.update(Buffer.from('a'));
    check.update(Buffer.from('bc'));
    t.is(check.sizeBytes, 3);
    t.notThrows(() => check.end('x'));
  }
});

test('verifyDigest() names the object and both digests', (t) => {
  const error = t.throws(() => verifyDigest(Buffer.from('abd'), parseDigest(sha256OfAbc), 'layer "x"'));
  t.true(isCode(error, 'DIGEST_MISMATCH'));
  t.regex(error?.message ?? '', /^layer "x" has digest sha256:[0-9a-f]{64}, expected sha256:ba78/);
});
