import test from 'ava';
import type { Damage } from '../../../../src/image/check/find.ts';
import { allFailed, remedyFor, verdicts } from '../../../../src/image/check/verdict.ts';
import type { ErrorCode } from '../../../../src/lib/errors.ts';
import { SkiffError } from '../../../../src/lib/errors.ts';
import { parseImageID } from '../../../../src/oci/ids.ts';

const image = parseImageID(`sha256:${'1'.repeat(64)}`);
const damaged = (id: string): Damage => ({ what: 'layer', id, message: 'x', images: [image] });
const reason = (code: ErrorCode, hint?: string): SkiffError => new SkiffError(code, code, { hint });

test('an image is lost only by an answer that leaves no hope', (t) => {
  const verdict = (...codes: ErrorCode[]): boolean | undefined => verdicts(codes.map(damaged), new Map(codes.map((code) => [code, reason(code)])))[0]?.lost;
  for (const code of ['NOT_FOUND', 'BLOB_UNKNOWN', 'NAME_UNKNOWN', 'DIGEST_MISMATCH'] as const) t.true(verdict(code), code);
  for (const code of ['IMAGE_IN_USE', 'REGISTRY_UNAUTHORIZED', 'REGISTRY_FAILED', 'NO_SPACE'] as const) t.false(verdict(code), code);
  t.true(verdict('REGISTRY_FAILED', 'BLOB_UNKNOWN'));
  t.true(verdicts([damaged('never tried')], new Map())[0]?.lost);
});

test('of several places, the one that leaves hope decides, with its hint', (t) => {
  const none = allFailed([{ place: 'a/x', error: reason('BLOB_UNKNOWN') }]);
  t.deepEqual([none.code, none.message], ['NOT_FOUND', 'a/x: BLOB_UNKNOWN']);
  const some = allFailed([{ place: 'a/x', error: reason('BLOB_UNKNOWN') }, { place: 'b/x', error: reason('REGISTRY_UNAUTHORIZED', 'skiff login b') }]);
  t.deepEqual([some.code, some.message, some.hint], ['REGISTRY_UNAUTHORIZED', 'a/x: BLOB_UNKNOWN; b/x: REGISTRY_UNAUTHORIZED', 'skiff login b']);
});

test('the remedy is that of the worst', (t) => {
  const of = (lost: boolean, ...reasons: SkiffError[]): string | undefined => remedyFor([{ image, lost, reasons }]);
  t.regex(of(true, reason('REGISTRY_UNAUTHORIZED')) ?? '', /--repair --force/);
  t.is(of(false, reason('IMAGE_IN_USE'), reason('REGISTRY_UNAUTHORIZED', 'skiff login b')), 'skiff login b');
  t.regex(of(false, reason('IMAGE_IN_USE')) ?? '', /stop the containers/);
  t.is(remedyFor([]), undefined);
});
