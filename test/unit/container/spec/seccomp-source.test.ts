import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { capabilityNames } from '../../../../src/container/spec/capabilities.ts';
import { resolveSeccomp } from '../../../../src/container/spec/seccomp-source.ts';
import { isCode } from '../../../../src/lib/errors.ts';
import type { Seccomp } from '../../../../src/oci/runtime-spec.ts';
import type { SkiffRecord } from '../../../../src/container/model.ts';
import { makeRecord } from '../../../helpers/spec-input.ts';

interface Place { dir: string; profile: string; ask: (skiff?: Partial<SkiffRecord>, configured?: string) => Seccomp | undefined }

function makePlace(t: ExecutionContext): Place {
  const dir = mkdtempSync(join(tmpdir(), 'skiff-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const profile = join(dir, 'profile.json');
  writeFileSync(profile, JSON.stringify({ defaultAction: 'SCMP_ACT_LOG', syscalls: [{ name: 'a', action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_SYS_ADMIN'] } }] }));
  return {
    dir, profile,
    ask(skiff = {}, configured = profile) {
      const text = resolveSeccomp({ record: makeRecord({}, skiff), configured, available: capabilityNames, cacheDir: dir });
      return text === undefined ? undefined : JSON.parse(text) as Seccomp;
    },
  };
}

test('resolveSeccomp() takes the profile that was asked for, none for privileged containers', (t) => {
  const { ask, profile } = makePlace(t);
  t.is(ask()?.defaultAction, 'SCMP_ACT_LOG');
  t.is(ask({ securityOpt: ['seccomp=unconfined'] }), undefined);
  t.is(ask({ privileged: true }), undefined);
  t.is(ask({ privileged: true, securityOpt: [`seccomp=${profile}`] })?.defaultAction, 'SCMP_ACT_LOG');
  t.is(ask({}, 'unconfined'), undefined);
  t.is(ask({}, '')?.defaultAction, 'SCMP_ACT_ERRNO');
});

test('resolveSeccomp() keeps what it has converted, for each set of capabilities, until the profile changes', (t) => {
  const { ask, profile, dir } = makePlace(t);
  const kept = (): string[] => readdirSync(dir).filter((name) => name.startsWith('seccomp-')).toSorted();
  t.deepEqual(ask()?.syscalls, []);
  t.is(kept().length, 1);
  t.is(ask({ capAdd: ['sys_admin'] })?.syscalls?.length, 1);
  t.is(kept().length, 2);
  // What is kept is what is used: told by a mark that only the kept file has.
  const file = join(dir, kept()[0] ?? '');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('SCMP_ACT_LOG', 'SCMP_ACT_TRAP'));
  t.is(ask()?.defaultAction, 'SCMP_ACT_TRAP');
  for (const torn of [text.slice(0, -5), text.slice(3), '', 'x']) {
    writeFileSync(file, torn);
    t.is(ask()?.defaultAction, 'SCMP_ACT_LOG', torn.slice(0, 20));
  }
  writeFileSync(profile, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW' }));
  t.is(ask()?.defaultAction, 'SCMP_ACT_ALLOW');
});

test('resolveSeccomp() names a file that is missing or no profile', (t) => {
  const { ask, dir, profile } = makePlace(t);
  t.true(isCode(t.throws(() => ask({ securityOpt: [`seccomp=${dir}/none`] })), 'NOT_FOUND'));
  writeFileSync(profile, '{');
  const error = t.throws(() => ask());
  t.true(isCode(error, 'CONFIG_INVALID') && error.message.includes(profile));
});
